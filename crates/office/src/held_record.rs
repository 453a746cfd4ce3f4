//! Records of other nodes, held here with the logs that their nodes send: shown like one's own as far as their projections go, and changed only where they
//! belong.

use catalogue::{Audience, Kind};
use ledger::{Held, Ledger, LedgerError, NodeName, Reader, RecordId, Version};

use crate::error::{OfficeError, label};
use crate::form_shelf::FormShelf;
use crate::identity::{Identity, Role};
use crate::office::Office;
use crate::permission::{Action, Decision, decide};
use crate::record::{RecordView, owner_of};

/// The node whose record is held here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The node that owns the record.
    pub node: String,
    /// The node that made it, which another may have followed since.
    pub maker: String,
    /// The body that runs it, as the directory calls it; the node's name when the directory has not said.
    pub title: String,
    /// Nodes that have made another record under the same identifier; those are not shown.
    pub others: Vec<String>,
    /// May the reader take the record over, so that work on it goes on here? None when it was not handed over to this node.
    pub take_over: Option<Decision>,
}

impl RecordView {
    /// Whether what this record says about the other is its owner's word: both belong to one node. What another node writes about a record is no part of it.
    pub(crate) fn belongs_with(&self, other: &RecordView) -> bool {
        match (&self.held, &other.held) {
            (None, None) => true,
            (Some(one), Some(two)) => one.node == two.node || one.maker == two.maker,
            _ => false,
        }
    }
}

/// A record of another node: of those made under one identifier, that of the node whose name comes first.
pub(crate) struct HeldRecord {
    pub(crate) maker: NodeName,
    others: Vec<NodeName>,
    /// The projections held, the one for the fewest readers first; never empty.
    versions: Vec<(Audience, Held)>,
}

impl HeldRecord {
    /// The record, when any projection of it is held. Whether the node has one of its own under the identifier, which would go first, the caller has looked.
    pub(crate) fn read(r: &Reader, id: RecordId) -> Result<Option<HeldRecord>, LedgerError> {
        let mut versions = Vec::new();
        for audience in [Audience::Ministry, Audience::Region, Audience::Public] {
            versions.extend(r.held(audience.as_str(), id)?.into_iter().map(|held| (audience, held)));
        }
        let Some(maker) = versions.iter().map(|(_, held)| held.maker.clone()).min() else { return Ok(None) };
        let mut others: Vec<NodeName> = versions.iter().map(|(_, held)| held.maker.clone()).filter(|other| *other != maker).collect();
        others.sort_unstable();
        others.dedup();
        versions.retain(|(_, held)| held.maker == maker);
        Ok(Some(HeldRecord { maker, others, versions }))
    }

    /// The kind that it says to be of.
    pub(crate) fn kind(&self) -> Option<&str> {
        self.versions.first().map(|(_, held)| held.version.kind.as_str())
    }

    /// The body whose record it is, as far as a projection names it.
    pub(crate) fn owner(&self, forms: &FormShelf) -> Option<RecordId> {
        self.versions.iter().find_map(|(_, held)| owner_of(forms.held_form(held)?, held.version.data.as_ref()?))
    }

    /// The projection for the most readers that fits its form.
    pub(crate) fn widest<'a>(&self, forms: &'a FormShelf) -> Option<(Audience, &'a Kind, &Version)> {
        self.versions.iter().rev().find_map(|(audience, held)| Some((*audience, forms.held_form(held)?, &held.version)))
    }

    /// The projection for the fewest readers that fits its form.
    pub(crate) fn fullest<'a>(&self, forms: &'a FormShelf) -> Option<(Audience, &'a Kind, &Version)> {
        self.versions.iter().find_map(|(audience, held)| Some((*audience, forms.held_form(held)?, &held.version)))
    }

    /// What is held of it in each audience.
    pub(crate) fn versions(&self) -> &[(Audience, Held)] {
        &self.versions
    }

    /// The projection for everybody, when it fits its form.
    pub(crate) fn public<'a>(&self, forms: &'a FormShelf) -> Option<(&'a Kind, &Version)> {
        let (_, held) = self.versions.iter().find(|(audience, _)| *audience == Audience::Public)?;
        Some((forms.held_form(held)?, &held.version))
    }
}

/// The public projection of a record as followers of public logs see it: the node's own, else the one held; with its maker, who is empty for the own one.
pub(crate) fn public_of<'a>(
    ledger: &Ledger,
    forms: &'a FormShelf,
    id: RecordId,
) -> Result<Option<(String, &'a Kind, Version)>, OfficeError> {
    let (own, public, held) = ledger.read(|r| -> Result<_, OfficeError> {
        if r.current("private", id)?.is_some() {
            return Ok((true, r.current("public", id)?, None));
        }
        Ok((false, None, HeldRecord::read(r, id)?))
    })?;
    if own {
        return Ok(public.and_then(|version| Some((String::new(), forms.kind_of(&version)?, version))));
    }
    let Some(held) = held else { return Ok(None) };
    Ok(held.public(forms).map(|(kind, version)| (held.maker.as_str().to_owned(), kind, version.clone())))
}

impl Office {
    /// A held record as this person may see it: whoever reads inside the body whose record it is sees the projection for the fewest readers that is held,
    /// everybody else the first for an audience he belongs to. Nobody changes it here.
    pub(crate) fn view_held(&self, who: &Identity, id: RecordId, held: HeldRecord) -> Result<RecordView, OfficeError> {
        let owner = held.owner(self.form_shelf());
        let take_over = self.may_take_over(who, id, &held)?;
        let reads_inside =
            owner.is_some_and(|owner| decide(who, Action::ReadInside, &self.subject_of_body(who, owner, Role::Reader)).allowed);
        let audiences = self.audiences_of(who);
        let HeldRecord { maker, others, versions } = held;
        let shown = versions.into_iter().find(|(audience, _)| reads_inside || audiences.contains(audience));
        let Some((audience, shown)) = shown else { return Err(OfficeError::NotFound(id.to_string())) };
        let form = self.form_shelf().held_form(&shown).map_or(0, |kind| kind.version);
        let node = shown.origin.node();
        let title = self.exchange().title_of(&node)?.unwrap_or_else(|| node.as_str().to_owned());
        let edit = Decision {
            allowed: false,
            why: match take_over {
                None => label(
                    format!("Bản ghi của {title}, giữ tại đây chỉ để xem; muốn sửa, hãy đề nghị {title}."),
                    format!("A record of {title}, held here to be read only; to have it changed, ask {title}."),
                ),
                Some(_) => label(
                    format!("Bản ghi của {title}, đã giao cho nút này khi sáp nhập; hãy tiếp nhận rồi mới sửa."),
                    format!("A record of {title}, handed over to this node in a merger; take it over before you change it."),
                ),
            },
        };
        let others = others.iter().map(|other| other.as_str().to_owned()).collect();
        let version = shown.version;
        Ok(RecordView {
            id,
            kind: version.kind,
            form,
            audience,
            version: version.ver,
            leaf: version.leaf,
            at: version.at_micros,
            data: version.data,
            owner,
            edit,
            held: Some(Holding { node: node.as_str().to_owned(), maker: maker.as_str().to_owned(), title, others, take_over }),
        })
    }

    /// Older versions of a held record in the audience of `view`, newest first.
    pub(crate) fn held_history(&self, view: &RecordView, before: Option<u64>, limit: usize) -> Result<Vec<Version>, OfficeError> {
        self.ledger().read(|r| {
            let Some(held) = HeldRecord::read(r, view.id)? else { return Ok(Vec::new()) };
            let versions = r.held_versions(view.audience.as_str(), view.id, &held.maker, before, limit)?;
            Ok(versions.into_iter().map(|held| held.version).collect())
        })
    }

    /// Refuses to write under the identifier of a held record.
    pub(crate) fn refuse_held(&self, who: &Identity, id: RecordId, held: Option<HeldRecord>) -> Result<(), OfficeError> {
        match held {
            Some(held) => self.view_held(who, id, held)?.edit.require(),
            None => Ok(()),
        }
    }
}
