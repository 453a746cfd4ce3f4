//! Which version of each form is in force. The versions that came with the program stand first; those the node adopted follow, and a change takes effect
//! without a restart.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use catalogue::{Catalogue, Fault, Kind, Problem};
use ledger::{Held, Ledger, NodeName, Version};
use serde_json::Value;

use crate::error::{OfficeError, label};
use crate::form_version::form_unfit;

/// Most definitions of other nodes kept at hand.
const MOST_FOREIGN: usize = 10_000;

/// The catalogue as it has been since the program started: every edition is kept, because somebody may still be reading it; the last is in force.
#[derive(Debug)]
pub(crate) struct FormShelf {
    ledger: Arc<Ledger>,
    /// What came with the program and the operator's folder.
    builtin: Catalogue,
    first: Edition,
    /// Kind and version of definitions that an earlier program published, by their place in the catalogue log.
    earlier: Mutex<BTreeMap<u64, (String, u64)>>,
    /// Kind and version of definitions in the catalogues of other nodes, by their places there.
    foreign: Mutex<BTreeMap<(NodeName, u64), (String, u64)>>,
}

/// A catalogue with the places of its definitions in the catalogue log.
#[derive(Debug)]
struct Edition {
    catalogue: Catalogue,
    /// By kind and version.
    places: BTreeMap<(String, u64), u64>,
    next: OnceLock<Box<Edition>>,
}

/// A version of a form that the node received, as the cabinet keeps it.
pub(crate) struct NodeForm<'a> {
    pub(crate) file: String,
    pub(crate) text: &'a str,
    /// In force, or only kept for the records made with it.
    pub(crate) adopted: bool,
}

impl FormShelf {
    /// The shelf of a node with the versions it adopted, in the order of adoption, and what is wrong with those that no longer fit the program.
    pub(crate) fn open(ledger: Arc<Ledger>, builtin: Catalogue, forms: &[NodeForm<'_>]) -> Result<(FormShelf, Vec<Problem>), OfficeError> {
        let (catalogue, problems) = with_forms(&builtin, forms);
        let first = Edition::publish(&ledger, catalogue)?;
        Ok((FormShelf { ledger, builtin, first, earlier: Mutex::default(), foreign: Mutex::default() }, problems))
    }

    /// Whether a file among these forms fits the program; changes nothing.
    ///
    /// # Errors
    /// `Refused` (`form_unfit`) with what is wrong.
    pub(crate) fn try_on(&self, forms: &[NodeForm<'_>], file: &str) -> Result<(), OfficeError> {
        let (_, problems) = with_forms(&self.builtin, forms);
        match problems.iter().find(|problem| problem.file == file) {
            None => Ok(()),
            Some(problem) => Err(form_unfit(std::slice::from_ref(problem))),
        }
    }

    /// Whether a version is one of the program, or of the operator's folder.
    pub(crate) fn came_with_program(&self, kind: &str, version: u64) -> bool {
        self.builtin.kind_version(kind, version).is_some()
    }

    /// Puts an edition in force that consists of what came with the program and those of these forms that fit it.
    pub(crate) fn renew(&self, forms: &[NodeForm<'_>]) -> Result<(), OfficeError> {
        let edition = Edition::publish(&self.ledger, with_forms(&self.builtin, forms).0)?;
        // Forms change one at a time, so nobody else sets it meanwhile.
        let _ = self.in_force().next.set(Box::new(edition));
        Ok(())
    }

    fn in_force(&self) -> &Edition {
        let mut last = &self.first;
        while let Some(next) = last.next.get() {
            last = next;
        }
        last
    }

    /// The catalogue in force.
    pub(crate) fn catalogue(&self) -> &Catalogue {
        &self.in_force().catalogue
    }

    /// The place of a definition in the catalogue log: what an entry names as `cat`.
    pub(crate) fn place(&self, kind: &str, form: u64) -> Result<u64, OfficeError> {
        let places = &self.in_force().places;
        places.get(&(kind.to_owned(), form)).copied().ok_or_else(|| OfficeError::NotFound(format!("kind {kind} version {form}")))
    }

    /// The form a version of a record was made with; the current one when this program does not know that form any more.
    pub(crate) fn kind_of(&self, version: &Version) -> Option<&Kind> {
        self.kind_at(&version.kind, version.cat)
    }

    /// Like [`FormShelf::kind_of`], by the place of the definition.
    pub(crate) fn kind_at(&self, kind: &str, place: u64) -> Option<&Kind> {
        let edition = self.in_force();
        let current = edition.catalogue.kind(kind)?;
        if edition.places.get(&(kind.to_owned(), current.version)) == Some(&place) {
            return Some(current);
        }
        let known = edition.places.iter().find(|((name, _), at)| name == kind && **at == place).map(|((_, form), _)| *form);
        let form = known.or_else(|| self.earlier_version(kind, place));
        Some(form.and_then(|form| edition.catalogue.kind_version(kind, form)).unwrap_or(current))
    }

    /// The form that a version of another node's record was made with, when its node has said which, this program knows it, and what is held fits it. A projection
    /// need not have the fields that it may not show.
    pub(crate) fn held_form(&self, held: &Held) -> Option<&Kind> {
        let (name, form) = self.foreign_version(&held.origin.node(), held.version.cat)?;
        let kind = self.catalogue().kind_version(&name, form)?;
        self.held_faults(held)?.is_empty().then_some(kind)
    }

    /// What is wrong with a version of another node's record under the form that its node names; none when that form is not known here, or not yet, or there are
    /// no contents to look at.
    pub(crate) fn held_faults(&self, held: &Held) -> Option<Vec<Fault>> {
        let (name, form) = self.foreign_version(&held.origin.node(), held.version.cat)?;
        let data = held.version.data.as_ref()?;
        if name != held.version.kind {
            let message = label("không phải loại ghi trong biểu mẫu", "is not of the kind of its form");
            return Some(vec![Fault { path: String::new(), rule: "kind".to_owned(), message }]);
        }
        let kind = self.catalogue().kind_version(&name, form)?;
        let mut faults = self.catalogue().check_structure(kind, data);
        faults.retain(|fault| fault.rule != "required");
        Some(faults)
    }

    /// Kind and version of a definition in the catalogue log of another node; none when it is not held.
    pub(crate) fn foreign_version(&self, node: &NodeName, place: u64) -> Option<(String, u64)> {
        let key = (node.clone(), place);
        let known = self.foreign.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if known.is_some() {
            return known;
        }
        let (name, schema) = self.ledger.read(|r| r.type_definition_of(node, place)).ok().flatten()?;
        let found = (name, schema.pointer("/x-lienvung/version").and_then(Value::as_u64)?);
        let mut foreign = self.foreign.lock().unwrap_or_else(PoisonError::into_inner);
        if foreign.len() >= MOST_FOREIGN {
            foreign.clear();
        }
        foreign.insert(key, found.clone());
        Some(found)
    }

    /// A definition changes with its code lists too, so one version of a form may have several places.
    fn earlier_version(&self, kind: &str, place: u64) -> Option<u64> {
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        let (name, form) = match earlier.get(&place) {
            Some(found) => found.clone(),
            None => {
                let definition = self.ledger.read(|r| r.type_definition(place)).ok().flatten();
                let form = definition.as_ref().and_then(|(_, schema)| schema.pointer("/x-lienvung/version")).and_then(Value::as_u64);
                let found = (definition.map(|(name, _)| name).unwrap_or_default(), form.unwrap_or_default());
                earlier.insert(place, found.clone());
                found
            }
        };
        (name == kind).then_some(form)
    }
}

/// The catalogue with the forms that fit it, and what is wrong with the others.
fn with_forms(builtin: &Catalogue, forms: &[NodeForm<'_>]) -> (Catalogue, Vec<Problem>) {
    let mut catalogue = builtin.clone();
    let mut problems = Vec::new();
    for form in forms {
        match catalogue.with_form(&form.file, form.text, form.adopted) {
            Ok(with) => catalogue = with,
            Err(error) => problems.extend(error.problems),
        }
    }
    (catalogue, problems)
}

impl Edition {
    /// Publishes the definitions that the log does not have yet.
    fn publish(ledger: &Ledger, catalogue: Catalogue) -> Result<Edition, OfficeError> {
        let kinds: Vec<&Kind> = catalogue.other_versions().chain(catalogue.kinds()).collect();
        let definitions: Vec<(String, u64, Value)> =
            kinds.into_iter().map(|kind| (kind.name.clone(), kind.version, catalogue.schema(kind))).collect();
        let places = ledger.write(move |w| -> Result<BTreeMap<(String, u64), u64>, OfficeError> {
            let mut places = BTreeMap::new();
            for (name, form, definition) in definitions {
                let place = w.publish_type(&name, definition)?;
                places.insert((name, form), place);
            }
            Ok(places)
        })?;
        Ok(Edition { catalogue, places, next: OnceLock::new() })
    }
}
