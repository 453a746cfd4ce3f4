//! Who reads what is for the departments of a region: the Centre names the nodes in its directory, and each of them follows the region's logs of the others
//! (LV-Log/1 §6, `aud`).

use exchange::directory::{CATALOGUE, Statement};
use ledger::{NodeName, Origin};

use super::Known;
use super::membership::{alone, state};
use super::merger::member;
use crate::audit::{AuditEntry, write_audit};
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};

/// The audience of the departments of a region.
pub(super) const REGION: &str = "region";
/// Most readers: they have to fit into one entry of the directory.
const MOST_READERS: usize = 50;

impl Known {
    /// Logs of other nodes that this one follows because it reads the region: what they say to the region, and the forms it is made with. Those of nodes under
    /// this one come by themselves.
    pub(super) fn followed_of_region(&self) -> Vec<Origin> {
        let own = &self.membership.name;
        if self.membership.above.is_none() || !self.directory.readers_of(REGION).any(|reader| reader == own) {
            return Vec::new();
        }
        let mut followed = Vec::new();
        for (node, _) in self.directory.members() {
            let is_in_region = self.directory.readers_of(REGION).any(|reader| self.directory.is_under(node, reader));
            if node != own && is_in_region && !self.directory.is_under(node, own) {
                followed.extend(Origin::of(node, REGION).ok());
                followed.extend(Origin::of(node, CATALOGUE).ok());
            }
        }
        followed
    }
}

impl Office {
    /// The nodes that read what is for the region's departments, as the Centre has said: name, body, and whether it reads. For the administrator.
    pub fn region_readers(&self, who: &Identity) -> Result<Vec<(String, String, bool)>, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let Some(known) = self.exchange().known()? else { return Ok(Vec::new()) };
        let mut nodes = Vec::new();
        for (node, member) in known.directory.members() {
            let is_direct = known.directory.parent_of(node).as_ref() == Some(&known.membership.centre);
            if is_direct && known.directory.successor(node) == *node {
                let reads = known.directory.readers_of(REGION).any(|reader| reader == node);
                nodes.push((node.as_str().to_owned(), member.title.clone(), reads));
            }
        }
        Ok(nodes)
    }

    /// Says, as the Centre, which nodes read what is for the region's departments: these and no others from now on. What a node has read it keeps.
    ///
    /// # Errors
    /// `node_alone`, `not_the_centre`, `heir_unknown` for a name that is no node right under the Centre, `too_many_readers`.
    pub fn set_region_readers(&self, who: &Identity, nodes: &[String]) -> Result<(), OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let known = self.exchange().known()?.ok_or_else(alone)?;
        if known.membership.above.is_some() {
            return Err(OfficeError::refused(
                "not_the_centre",
                "Chỉ Trung ương đặt được các nút của vùng.",
                "Only the Centre says which nodes are the region's.",
            ));
        }
        if nodes.len() > MOST_READERS {
            return Err(OfficeError::refused(
                "too_many_readers",
                format!("Chọn tối đa {MOST_READERS} nút cho vùng."),
                format!("Choose at most {MOST_READERS} nodes for the region."),
            ));
        }
        let mut readers: Vec<NodeName> = Vec::new();
        for node in nodes {
            let node = member(&known, node)?;
            if !readers.contains(&node) {
                readers.push(node);
            }
        }
        let names: Vec<&str> = readers.iter().map(NodeName::as_str).collect();
        let entry = AuditEntry::of(self, who, "node.region").note(&names.join(", "));
        let now = self.clock().now();
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            state(w, &[Statement::Audience { name: REGION.to_owned(), readers }], now)?;
            write_audit(w, entry)
        })?;
        self.exchange().forget_known();
        self.exchange().wake();
        Ok(())
    }
}
