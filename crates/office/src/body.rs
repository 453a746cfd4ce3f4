//! Bodies — agencies, departments, classes of them — as they were on a date: names, members, ends and successors.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, RwLock};

use catalogue::Fault;
use jiff::civil::Date;
use ledger::RecordId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{OfficeError, label};
use crate::identity::{Identity, Role};
use crate::office::Office;

/// A body with everything dated that other rooms ask for. Typed view of the kind `body`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The record.
    #[serde(skip, default = "nobody")]
    pub id: RecordId,
    /// Code of the list `body-forms`.
    #[serde(default)]
    pub form: String,
    /// Names with their periods.
    #[serde(default)]
    pub names: Vec<BodyName>,
    /// Other ways in which people write the name.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Statistics code of the province, when the body belongs to one.
    #[serde(default)]
    pub province: Option<String>,
    /// Successors after the end.
    #[serde(default)]
    pub successors: Vec<Successor>,
    /// Members, when the body is a class.
    #[serde(default)]
    pub members: Vec<Member>,
    /// Bodies above, with their periods.
    #[serde(default)]
    pub parents: Vec<Parent>,
    /// First day, ISO partial date.
    #[serde(default)]
    pub valid_from: Option<String>,
    /// Last day, ISO partial date.
    #[serde(default)]
    pub valid_to: Option<String>,
    /// Whether another node's record says so and none of this node's: good for names, gives no rights.
    #[serde(skip)]
    pub held: bool,
}

/// One dated name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BodyName {
    /// The whole name.
    pub text: String,
    /// The usual short form, e.g. "Sở KH&CN Đắk Lắk".
    #[serde(default)]
    pub short: Option<String>,
    /// `vi` or `en`; `vi` when absent.
    #[serde(default)]
    pub lang: Option<String>,
    /// First day.
    #[serde(default)]
    pub valid_from: Option<String>,
    /// Last day.
    #[serde(default)]
    pub valid_to: Option<String>,
}

/// Who took over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Successor {
    /// The body that took over.
    pub body: RecordId,
    /// From which day.
    #[serde(default)]
    pub day: Option<String>,
}

/// Membership of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The member.
    pub body: RecordId,
    /// First day.
    #[serde(default)]
    pub valid_from: Option<String>,
    /// Last day.
    #[serde(default)]
    pub valid_to: Option<String>,
}

/// A body above.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The body above.
    pub body: RecordId,
    /// First day.
    #[serde(default)]
    pub valid_from: Option<String>,
    /// Last day.
    #[serde(default)]
    pub valid_to: Option<String>,
}

fn nobody() -> RecordId {
    RecordId::nil()
}

impl Body {
    /// Reads the typed view from a record's data.
    pub fn from_data(id: RecordId, data: &Value) -> Result<Body, OfficeError> {
        let mut body: Body = serde_json::from_value(data.clone())?;
        body.id = id;
        Ok(body)
    }

    /// Whether this is a class of bodies rather than one.
    pub fn is_class(&self) -> bool {
        self.form == "class"
    }

    /// Whether the body exists on `day`.
    pub fn is_valid_on(&self, day: Date) -> bool {
        within(day, self.valid_from.as_deref(), self.valid_to.as_deref())
    }

    /// The last day, when the body has ended.
    pub fn last_day(&self) -> Option<Date> {
        self.valid_to.as_deref().and_then(|text| viet::PartialDate::from_iso(text).ok()).map(|date| date.last_day())
    }

    /// The whole Vietnamese name valid on `day`, else the latest known.
    pub fn name_on(&self, day: Date) -> &str {
        self.pick(day).map_or("", |name| name.text.as_str())
    }

    /// The short Vietnamese name valid on `day`, else the whole one.
    pub fn short_on(&self, day: Date) -> &str {
        self.pick(day).map_or("", |name| name.short.as_deref().unwrap_or(&name.text))
    }

    fn pick(&self, day: Date) -> Option<&BodyName> {
        let vietnamese = || self.names.iter().filter(|name| name.lang.as_deref().unwrap_or("vi") == "vi");
        vietnamese()
            .find(|name| within(day, name.valid_from.as_deref(), name.valid_to.as_deref()))
            .or_else(|| vietnamese().next_back())
            .or_else(|| self.names.last())
    }

    /// Members of the class on `day`, in the order of the list.
    pub fn members_on(&self, day: Date) -> Vec<RecordId> {
        self.members
            .iter()
            .filter(|member| within(day, member.valid_from.as_deref(), member.valid_to.as_deref()))
            .map(|member| member.body)
            .collect()
    }
}

/// Whether `day` lies in a period of ISO partial dates, both ends included; an unreadable or absent end is open.
pub(crate) fn within(day: Date, from: Option<&str>, to: Option<&str>) -> bool {
    let from = from.and_then(|text| viet::PartialDate::from_iso(text).ok()).map(|date| date.first_day());
    let to = to.and_then(|text| viet::PartialDate::from_iso(text).ok()).map(|date| date.last_day());
    from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to)
}

/// First and last day of a parent; an absent or unreadable end is open.
fn period(parent: &Parent) -> (Date, Date) {
    let read = |text: &Option<String>| text.as_deref().and_then(|text| viet::PartialDate::from_iso(text).ok());
    let first = read(&parent.valid_from).map_or(Date::MIN, |date| date.first_day());
    (first, read(&parent.valid_to).map_or(Date::MAX, |date| date.last_day()))
}

/// All bodies in memory, asked for on every page: a few thousand in an office, tens of thousands in the country.
#[derive(Debug, Clone, Default)]
pub struct BodyDirectory {
    bodies: Arc<RwLock<Bodies>>,
}

#[derive(Debug, Clone, Default)]
struct Bodies {
    by_id: BTreeMap<RecordId, Arc<Body>>,
    /// Those that name a successor: few, and the only ones in whose place another acts.
    succeeded: BTreeSet<RecordId>,
}

impl Bodies {
    fn set(&mut self, body: Body) {
        if body.successors.is_empty() {
            self.succeeded.remove(&body.id);
        } else {
            self.succeeded.insert(body.id);
        }
        self.by_id.insert(body.id, Arc::new(body));
    }
}

impl BodyDirectory {
    /// One body.
    pub fn get(&self, id: RecordId) -> Option<Arc<Body>> {
        self.lock_read().by_id.get(&id).cloned()
    }

    /// All bodies, in the order of their ids.
    pub fn all(&self) -> Vec<Arc<Body>> {
        self.lock_read().by_id.values().cloned().collect()
    }

    /// Bodies that name a successor, in the order of their ids.
    pub(crate) fn succeeded(&self) -> Vec<RecordId> {
        self.lock_read().succeeded.iter().copied().collect()
    }

    /// The short name on `day`; the id when the body is unknown.
    pub fn short_name(&self, id: RecordId, day: Date) -> String {
        self.get(id).map_or_else(|| id.to_string(), |body| body.short_on(day).to_owned())
    }

    /// What is wrong with the parents and successors of `body` beside the other bodies. A body may not stand above itself on any day; it may have
    /// several successors, since a body can be divided, but not itself and none twice.
    pub(crate) fn lineage_faults(&self, body: &Body) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (index, parent) in body.parents.iter().enumerate() {
            if self.leads_to(parent, body.id) {
                faults.push(Fault {
                    path: format!("parents.{index}.body"),
                    rule: "cycle".to_owned(),
                    message: label(
                        "Cơ quan cấp trên: cơ quan này đang ở dưới chính bản ghi đang sửa. Hãy chọn cơ quan khác hoặc sửa thời gian.",
                        "Parent body: this body stands below the very record being changed. Choose another body or correct the dates.",
                    ),
                });
            }
        }
        let mut seen = BTreeSet::from([body.id]);
        for (index, successor) in body.successors.iter().enumerate() {
            if !seen.insert(successor.body) {
                faults.push(Fault {
                    path: format!("successors.{index}.body"),
                    rule: "unique".to_owned(),
                    message: label(
                        "Cơ quan kế thừa: trùng với chính cơ quan này hoặc đã nêu ở dòng trên. Hãy chọn cơ quan khác hoặc bỏ dòng.",
                        "Successor: it is the body itself or stands in a line above. Choose another body or remove the line.",
                    ),
                });
            }
        }
        faults
    }

    /// A directory of its own in which some bodies are as they would be.
    pub(crate) fn beside(&self, bodies: impl Iterator<Item = Body>) -> BodyDirectory {
        let mut all = self.lock_read().clone();
        bodies.for_each(|body| all.set(body));
        BodyDirectory { bodies: Arc::new(RwLock::new(all)) }
    }

    /// Whether, on some day, `target` stands above `start` or is it.
    fn leads_to(&self, start: &Parent, target: RecordId) -> bool {
        let (first, last) = period(start);
        let mut seen = BTreeSet::new();
        let mut waiting = vec![(start.body, first, last)];
        while let Some((place, first, last)) = waiting.pop() {
            if first > last || !seen.insert((place, first, last)) {
                continue;
            }
            if place == target {
                return true;
            }
            let Some(found) = self.get(place) else { continue };
            for parent in &found.parents {
                let (from, to) = period(parent);
                waiting.push((parent.body, first.max(from), last.min(to)));
            }
        }
        false
    }

    pub(crate) fn set(&self, body: Body) {
        self.lock_write().set(body);
    }

    pub(crate) fn remove(&self, id: RecordId) {
        let mut bodies = self.lock_write();
        bodies.by_id.remove(&id);
        bodies.succeeded.remove(&id);
    }

    // A panic while holding the lock leaves a body in one of the two at worst; the directory is filled anew at the next start.
    fn lock_read(&self) -> std::sync::RwLockReadGuard<'_, Bodies> {
        self.bodies.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn lock_write(&self) -> std::sync::RwLockWriteGuard<'_, Bodies> {
        self.bodies.write().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Office {
    /// One body or `not_found`.
    pub fn body_summary(&self, id: RecordId) -> Result<Arc<Body>, OfficeError> {
        self.directory().get(id).ok_or_else(|| OfficeError::NotFound(format!("body {id}")))
    }

    /// The body in whose place this person may act for `body`: itself, or a successor when it has ended. Falls back to the body itself, so that the
    /// permission decision then explains what is missing.
    pub(crate) fn acting_place(&self, who: &Identity, body: RecordId, needed: Role) -> RecordId {
        let mut place = body;
        // A chain of mergers is short; the bound keeps a cycle in the data from holding us.
        for _ in 0..8 {
            if who.role_in(place) >= Some(needed) {
                return place;
            }
            let Some(found) = self.directory().get(place) else { return body };
            if found.held || found.is_valid_on(self.clock().today()) {
                return body;
            }
            let Some(successor) =
                found.successors.iter().find(|successor| who.role_in(successor.body) >= Some(needed)).or(found.successors.first())
            else {
                return body;
            };
            place = successor.body;
        }
        body
    }

    /// Bodies in whose place this person acts: own bodies, and ended ones whose successor is one of them.
    pub fn bodies_answered_for(&self, who: &Identity) -> Vec<RecordId> {
        let acting = who.acting_bodies();
        let mut answered = acting.clone();
        if acting.is_empty() {
            return answered;
        }
        for body in self.directory().succeeded() {
            if !answered.contains(&body) && acting.contains(&self.acting_place(who, body, Role::Officer)) {
                answered.push(body);
            }
        }
        answered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use serde_json::json;

    #[test]
    fn names_and_members_are_those_of_the_day() {
        let (a, b) = (RecordId::new(), RecordId::new());
        let data = json!({"form": "class", "names": [
            {"text": "Tên cũ", "valid_to": "2025-06-30"}, {"text": "Tên mới", "short": "Mới", "valid_from": "2025-07-01"}],
            "members": [{"body": a.to_string(), "valid_to": "2025-06-30"}, {"body": b.to_string()}], "valid_to": "2030"});
        let body = Body::from_data(RecordId::new(), &data).unwrap();
        assert_eq!(body.name_on(date(2019, 6, 21)), "Tên cũ");
        assert_eq!(body.short_on(date(2026, 1, 1)), "Mới");
        assert_eq!(body.members_on(date(2019, 6, 21)), vec![a, b]);
        assert_eq!(body.members_on(date(2025, 7, 1)), vec![b]);
        assert!(body.is_valid_on(date(2030, 12, 31)) && !body.is_valid_on(date(2031, 1, 1)));
    }

    #[test]
    fn a_body_never_stands_above_itself_on_one_day_and_names_each_successor_once() {
        let (a, b, c) = (RecordId::new(), RecordId::new(), RecordId::new());
        let body = |id: RecordId, data: Value| Body::from_data(id, &data).unwrap();
        let directory = BodyDirectory::default();
        directory.set(body(b, json!({"parents": [{"body": c.to_string(), "valid_to": "2020"}]})));
        directory.set(body(c, json!({"parents": [{"body": a.to_string(), "valid_from": "2015"}]})));
        let faults =
            |data: Value| directory.lineage_faults(&body(a, data)).into_iter().map(|fault| (fault.path, fault.rule)).collect::<Vec<_>>();
        let cycle = |index: usize| vec![(format!("parents.{index}.body"), "cycle".to_owned())];
        assert_eq!(faults(json!({"parents": [{"body": a.to_string()}]})), cycle(0));
        assert_eq!(faults(json!({"parents": [{"body": RecordId::new().to_string()}, {"body": b.to_string()}]})), cycle(1));
        assert_eq!(faults(json!({"parents": [{"body": b.to_string(), "valid_from": "2021"}]})), vec![], "never on one day");
        assert_eq!(faults(json!({"successors": [{"body": b.to_string()}, {"body": c.to_string()}]})), vec![], "a body may be divided");
        let twice = json!({"successors": [{"body": b.to_string()}, {"body": b.to_string()}]});
        assert_eq!(faults(twice), vec![("successors.1.body".to_owned(), "unique".to_owned())]);
        assert_eq!(faults(json!({"successors": [{"body": a.to_string()}]})), vec![("successors.0.body".to_owned(), "unique".to_owned())]);
    }
}
