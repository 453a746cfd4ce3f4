//! What the directory has handed over to this node: records of nodes that were merged into it (LV-Log/1 §6).

use ledger::{Inherited, NodeName, RecordId};

use super::{Exchange, TRAVELLING};
use crate::error::OfficeError;
use crate::held_record::HeldRecord;

impl Exchange {
    /// Whether the record that another node made belongs to this node now.
    pub(crate) fn inherits(&self, maker: &NodeName, rec: RecordId) -> Result<bool, OfficeError> {
        let Some(known) = self.known()? else { return Ok(false) };
        let own = &known.membership.name;
        Ok(maker != own && known.directory.tenures(maker, rec).last().is_some_and(|tenure| tenure.node == *own))
    }

    /// The nodes that were merged into this one: name and body.
    pub(crate) fn merged_into_this(&self) -> Result<Vec<(String, String)>, OfficeError> {
        let Some(known) = self.known()? else { return Ok(Vec::new()) };
        let own = &known.membership.name;
        let members = known.directory.members().filter(|(node, _)| *node != own && known.directory.successor(node) == *own);
        Ok(members.map(|(node, member)| (node.as_str().to_owned(), member.title.clone())).collect())
    }

    /// The last versions of an inherited record in the logs of its former nodes: what the first version here follows.
    ///
    /// # Errors
    /// `inheritance_incomplete` when those logs are not counted up to their end here: a version that is still to come would be passed over.
    pub(crate) fn inherited_versions(&self, rec: RecordId, held: &HeldRecord) -> Result<Vec<Inherited>, OfficeError> {
        let known = self.known()?;
        let mut waiting = Vec::new();
        if let Some(known) = known {
            let own = &known.membership.name;
            let former = known.directory.tenures(&held.maker, rec).into_iter().filter(|tenure| tenure.node != *own);
            for tenure in former {
                for audience in TRAVELLING {
                    let origin = ledger::Origin::of(&tenure.node, audience)?;
                    let Some(cut) = known.directory.cut_of(&origin) else { continue };
                    let counted = self.ledger.read(|r| -> Result<u64, ledger::LedgerError> {
                        let Some(log) = r.store().log_of(&origin)? else { return Ok(0) };
                        Ok(r.store().counting(log.id)?.counted)
                    })?;
                    if counted < cut {
                        waiting.push(origin.as_str().to_owned());
                    }
                }
            }
        }
        if !waiting.is_empty() {
            let waiting = waiting.join(", ");
            return Err(OfficeError::refused(
                "inheritance_incomplete",
                format!("Nhật ký của nút cũ chưa về đủ: {waiting}. Chưa tiếp nhận gì; hãy đợi nhận xong rồi làm lại."),
                format!("The logs of the old node have not all arrived: {waiting}. Nothing was taken over; try again when they have."),
            ));
        }
        let last = held.versions().iter().map(|(_, held)| Inherited {
            audience: held.origin.audience().to_owned(),
            ver: held.version.ver,
            leaf: held.version.leaf,
        });
        Ok(last.collect())
    }
}
