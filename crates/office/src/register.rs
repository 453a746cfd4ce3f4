//! The register: one row per record with title, owner, day and state, for lists of any kind, and who refers to whom.
//!
//! Each record is registered by its widest projection, so a list for the public holds nothing that the public may not see; the owning body
//! finds its drafts in the same list.

use std::path::Path;
use std::sync::Arc;

use catalogue::{Field, FieldType, Kind, Lang};
use ledger::{Change, Follower, Ledger, RecordId, Version};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, Row, params, params_from_iter};
use serde_json::Value;

use crate::boundaries::Boundaries;
use crate::condition::Condition;
use crate::error::OfficeError;
use crate::form_shelf::FormShelf;
use crate::held_record::HeldRecord;
use crate::identity::Identity;
use crate::office::Office;
use crate::view_file::{digest_rows, set_cursor};
use crate::view_pool::ViewPool;

const SHAPE: i64 = 7;
const SCHEMA: &str = "
CREATE TABLE record (id TEXT PRIMARY KEY, kind TEXT NOT NULL, audience TEXT NOT NULL, owner TEXT, title TEXT NOT NULL, sort_key BLOB NOT NULL,
  day TEXT NOT NULL, state TEXT, illustrative INTEGER NOT NULL, version INTEGER NOT NULL, places TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX record_by_title ON record (kind, sort_key, id);
CREATE INDEX record_by_day ON record (kind, day, id);
CREATE INDEX record_by_owner ON record (owner, kind, state, sort_key, id);
CREATE INDEX record_by_owner_day ON record (owner, kind, state, day, id);
CREATE INDEX record_by_places ON record (kind, places);
-- Which sets of provinces (`record.places`) hold a province. Sets are few, and one that no record has any more does no harm.
CREATE TABLE place_set (province TEXT NOT NULL, places TEXT NOT NULL, PRIMARY KEY (province, places)) WITHOUT ROWID;
CREATE TABLE link (from_record TEXT NOT NULL, field TEXT NOT NULL, to_record TEXT NOT NULL, PRIMARY KEY (to_record, field, from_record)) WITHOUT ROWID;
CREATE INDEX link_from ON link (from_record);
-- By what names people know a record: title, other spellings, numbers. `exact` keeps the marks, `fold` does not.
CREATE TABLE known_as (kind TEXT NOT NULL, exact TEXT NOT NULL, record TEXT NOT NULL, fold TEXT NOT NULL, PRIMARY KEY (kind, exact, record)) WITHOUT ROWID;
CREATE INDEX known_as_fold ON known_as (kind, fold, record);
CREATE INDEX known_as_record ON known_as (record);
-- How many records of each sort there are: counting a million rows for every list would be slow.
CREATE TABLE tally (kind TEXT NOT NULL, audience TEXT NOT NULL, owner TEXT, state TEXT, places TEXT NOT NULL, n INTEGER NOT NULL);
CREATE UNIQUE INDEX tally_sort ON tally (kind, audience, IFNULL(owner, ''), IFNULL(state, ''), places);
CREATE INDEX tally_by_places ON tally (places);
CREATE TRIGGER record_in AFTER INSERT ON record BEGIN
  INSERT INTO tally VALUES (NEW.kind, NEW.audience, NEW.owner, NEW.state, NEW.places, 1)
    ON CONFLICT (kind, audience, IFNULL(owner, ''), IFNULL(state, ''), places) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER record_out AFTER DELETE ON record BEGIN
  UPDATE tally SET n = n - 1
    WHERE kind = OLD.kind AND audience = OLD.audience AND IFNULL(owner, '') = IFNULL(OLD.owner, '') AND IFNULL(state, '') = IFNULL(OLD.state, '')
      AND places = OLD.places;
END;
";

/// How a list is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By title in Vietnamese order.
    #[default]
    Title,
    /// Latest day first.
    Latest,
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct RegisterFilter {
    /// Only this kind; all kinds when none.
    pub kind: Option<String>,
    /// Only records of this body.
    pub owner: Option<RecordId>,
    /// Only this workflow state.
    pub state: Option<String>,
    /// Only this record.
    pub record: Option<RecordId>,
    /// Only records of this province, a stored code of the list `provinces`.
    pub province: Option<String>,
    /// Whose boundaries `owner` and `province` mean and the list shows: with [`Boundaries::AsNow`] what went into the body or province counts too. None
    /// takes everything as it is written.
    pub boundaries: Option<Boundaries>,
    /// Only records that refer to this one.
    pub refers_to: Option<RecordId>,
    /// The order.
    pub order: Order,
    /// Conditions on the contents. Exports keep them record by record; lists on screen do not have them.
    pub conditions: Vec<Condition>,
}

/// One line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterRow {
    /// The record.
    pub id: RecordId,
    /// Its kind.
    pub kind: String,
    /// The widest audience that sees it.
    pub audience: String,
    /// The body whose record it is.
    pub owner: Option<RecordId>,
    /// Its title.
    pub title: String,
    /// ISO partial date, empty when it has none.
    pub day: String,
    /// Workflow state.
    pub state: Option<String>,
    /// Whether it is illustrative.
    pub illustrative: bool,
    /// Its version.
    pub version: u64,
    /// The provinces written in it, stored codes in their order.
    pub provinces: Vec<String>,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterPage {
    /// Rows.
    pub rows: Vec<RegisterRow>,
    /// Rows of the whole filter.
    pub total: u64,
    /// Opaque: pass it as `after` for the next page.
    pub next: Option<String>,
}

/// How many records of a kind stand in a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateCount {
    /// The kind.
    pub kind: String,
    /// The workflow state, when the kind has one.
    pub state: Option<String>,
    /// How many.
    pub count: u64,
}

/// The view behind the lists.
#[derive(Debug)]
pub struct Register {
    pub(crate) views: ViewPool,
    forms: Arc<FormShelf>,
    ledger: Arc<Ledger>,
}

impl Register {
    /// Opens or makes the view at `path`, or only reads the one another program keeps.
    pub fn open(path: &Path, forms: Arc<FormShelf>, ledger: Arc<Ledger>, keeps: bool) -> Result<Register, OfficeError> {
        Ok(Register { views: ViewPool::open(path, SHAPE, SCHEMA, keeps)?, forms, ledger })
    }

    pub(crate) fn scrub(&self) -> Result<(), OfficeError> {
        self.views.scrub()
    }

    fn apply_batch(&self, batch: &[Change]) -> Result<(), OfficeError> {
        let Some(last) = batch.last() else { return Ok(()) };
        let mut records: Vec<RecordId> = batch.iter().map(|change| change.rec).collect();
        records.sort_unstable();
        records.dedup();
        let mut writer = self.views.writer();
        let transaction = writer.transaction()?;
        for record in records {
            let shown = widest(&self.ledger, &self.forms, record)?;
            self.register(&transaction, record, shown)?;
        }
        set_cursor(&transaction, last.seq)?;
        transaction.commit()?;
        Ok(())
    }

    fn register(&self, connection: &Connection, record: RecordId, shown: Option<Shown<'_>>) -> Result<(), OfficeError> {
        let id = record.to_string();
        connection.prepare_cached("DELETE FROM record WHERE id = ?1")?.execute([&id])?;
        connection.prepare_cached("DELETE FROM link WHERE from_record = ?1")?.execute([&id])?;
        connection.prepare_cached("DELETE FROM known_as WHERE record = ?1")?.execute([&id])?;
        let Some(shown) = shown else { return Ok(()) };
        let kind = shown.kind;
        let title = self.forms.catalogue().title(&kind.name, &shown.data, Lang::Vi);
        let places = provinces_in(&kind.fields, &shown.data);
        let state = kind.state_field.as_deref().and_then(|field| shown.data.get(field)).and_then(Value::as_str);
        connection.prepare_cached("INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")?.execute(params![
            id,
            kind.name,
            shown.audience,
            // Of a held record that names no body the node is the owner: it is not one of the records without owner that administrators look after.
            shown.owner.map(|owner| owner.to_string()).or(shown.maker),
            title,
            viet::sort_key(&title),
            day_of_record(&shown.data),
            state,
            shown.data.get("illustrative").and_then(Value::as_bool).unwrap_or(false),
            i64::try_from(shown.version).unwrap_or(i64::MAX),
            places.join(" "),
        ])?;
        for province in &places {
            connection.prepare_cached("INSERT OR IGNORE INTO place_set VALUES (?1, ?2)")?.execute([*province, &places.join(" ")])?;
        }
        let mut links = Vec::new();
        collect_links(&kind.fields, &shown.data, "", &mut links);
        for (field, target) in links {
            connection.prepare_cached("INSERT OR IGNORE INTO link VALUES (?1, ?2, ?3)")?.execute(params![id, field, target])?;
        }
        for name in crate::lookup::names_of(kind, &shown.data) {
            let (exact, fold) = crate::lookup::keys(&name);
            if !fold.is_empty() {
                connection
                    .prepare_cached("INSERT OR IGNORE INTO known_as VALUES (?1, ?2, ?3, ?4)")?
                    .execute(params![kind.name, exact, id, fold])?;
            }
        }
        Ok(())
    }
}

impl Follower for Register {
    fn name(&self) -> &str {
        "register"
    }

    fn cursor(&self) -> Result<u64, ledger::FollowError> {
        Ok(self.views.cursor()?)
    }

    fn apply(&self, batch: &[Change]) -> Result<(), ledger::FollowError> {
        Ok(self.apply_batch(batch)?)
    }

    fn rebuild(&self) -> Result<(), ledger::FollowError> {
        Ok(self.views.clear(&["tally", "record", "link", "known_as", "place_set", "tally"])?)
    }

    fn digest(&self) -> Result<String, ledger::FollowError> {
        Ok(self.views.read(|connection| {
            let parts = [
                digest_rows(connection, "SELECT * FROM record ORDER BY id")?,
                digest_rows(connection, "SELECT * FROM link ORDER BY to_record, field, from_record")?,
                digest_rows(connection, "SELECT * FROM known_as ORDER BY kind, exact, record")?,
            ];
            Ok(crate::session::digest(&parts.join("\n")))
        })?)
    }
}

/// The widest projection of a record there is.
pub(crate) struct Shown<'a> {
    pub(crate) audience: &'static str,
    /// The form it was made with.
    pub(crate) kind: &'a Kind,
    pub(crate) owner: Option<RecordId>,
    /// The node that made it, when it is a record of another node.
    pub(crate) maker: Option<String>,
    pub(crate) version: u64,
    pub(crate) data: Value,
}

/// Looks from the widest audience inwards. The owner is read from the inside version, because a projection may leave it out. A record of another node is looked
/// for where there is none of one's own. What came back from the node above after a restore has no inside version.
pub(crate) fn widest<'a>(ledger: &Ledger, forms: &'a FormShelf, record: RecordId) -> Result<Option<Shown<'a>>, OfficeError> {
    let found = ledger.read(|r| -> Result<_, OfficeError> {
        let inside = r.current("private", record)?;
        if inside.is_none()
            && let Some(held) = HeldRecord::read(r, record)?
        {
            return Ok(Err(Some(held)));
        }
        let owner_in = |version: &Version| {
            let named = |field: &str| crate::record::reference(version.data.as_ref()?, field);
            if version.kind == "answer" { named("body") } else { named("owner") }
        };
        let owner = inside.as_ref().and_then(owner_in);
        for audience in ["public", "region", "ministry", "private"] {
            if let Some(version) = r.current(audience, record)?
                && version.data.is_some()
            {
                let owner = if inside.is_some() { owner } else { owner_in(&version) };
                return Ok(Ok((audience, owner, Some(version))));
            }
        }
        Ok(Ok(("private", owner, None)))
    })?;
    match found {
        Ok((audience, owner, Some(version))) => {
            let kind = forms.kind_of(&version);
            Ok(kind.zip(version.data).map(|(kind, data)| Shown { audience, kind, owner, maker: None, version: version.ver, data }))
        }
        Ok((_, _, None)) | Err(None) => Ok(None),
        Err(Some(held)) => {
            let (owner, maker) = (held.owner(forms), Some(held.maker.as_str().to_owned()));
            let Some((audience, kind, version)) = held.widest(forms) else { return Ok(None) };
            let Some(data) = version.data.clone() else { return Ok(None) };
            Ok(Some(Shown { audience: audience.as_str(), kind, owner, maker, version: version.ver, data }))
        }
    }
}

/// The day a record is sorted by: the first of the usual fields that it has.
pub(crate) fn day_of_record(data: &Value) -> &str {
    [
        "day",
        "event_day",
        "issued_day",
        "published_day",
        "done_day",
        "planned_start",
        "signed_day",
        "accepted_on",
        "reported_on",
        "start",
        "valid_from",
    ]
    .iter()
    .find_map(|field| data.get(*field).and_then(Value::as_str))
    .unwrap_or_default()
}

/// The provinces a record names in fields of its own, ordered, each once.
pub(crate) fn provinces_in<'a>(fields: &[Field], data: &'a Value) -> Vec<&'a str> {
    let mut provinces = Vec::new();
    for field in fields {
        if !matches!(&field.of, FieldType::Code { list } if list == "provinces") {
            continue;
        }
        match data.get(&field.name) {
            Some(Value::Array(items)) => provinces.extend(items.iter().filter_map(Value::as_str)),
            Some(Value::String(one)) => provinces.push(one),
            _ => {}
        }
    }
    provinces.sort_unstable();
    provinces.dedup();
    provinces
}

fn collect_links(fields: &[Field], data: &Value, prefix: &str, links: &mut Vec<(String, String)>) {
    for field in fields {
        let Some(value) = data.get(&field.name) else { continue };
        let path = if prefix.is_empty() { field.name.clone() } else { format!("{prefix}.{}", field.name) };
        let items = match value {
            Value::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        for item in items {
            match (&field.of, item) {
                (FieldType::Ref { .. }, Value::String(target)) => links.push((path.clone(), target.clone())),
                (FieldType::Group { fields, .. }, row) => collect_links(fields, row, &path, links),
                _ => {}
            }
        }
    }
}

impl Office {
    /// A page of a list as this person may see it: at most 1,000 rows after `after`.
    pub fn register_page(
        &self,
        who: &Identity,
        filter: &RegisterFilter,
        after: Option<&str>,
        limit: usize,
    ) -> Result<RegisterPage, OfficeError> {
        let limit = limit.clamp(1, 1_000);
        let mut values = Vec::new();
        // A record has few that refer to it: those are read first and then sifted. Left to itself the engine would rather walk through a whole kind in its order.
        let mut rows = "record".to_owned();
        if let Some(target) = filter.refers_to {
            rows = "(SELECT DISTINCT from_record AS id FROM link WHERE to_record = ?) CROSS JOIN record USING (id)".to_owned();
            values.push(Sql::Text(target.to_string()));
        }
        let mut condition = vec![self.visible(who, &mut values)];
        let mut equal = |column: &str, value: Option<String>| {
            if let Some(value) = value {
                condition.push(format!("{column} = ?"));
                values.push(Sql::Text(value));
            }
        };
        equal("kind", filter.kind.clone());
        equal("state", filter.state.clone());
        equal("id", filter.record.map(|record| record.to_string()));
        if let Some(owner) = filter.owner {
            let owners = self.bodies_meant(owner, filter.boundaries);
            condition.push(format!("owner IN ({})", vec!["?"; owners.len()].join(",")));
            values.extend(owners.iter().map(|owner| Sql::Text(owner.to_string())));
        }
        if let Some(province) = &filter.province {
            let keys = self.provinces_meant(province, filter.boundaries);
            condition.push(format!("places IN {}", sets_of(&keys, &mut values)));
        }
        let condition = condition.join(" AND ");
        self.register().views.read(|connection| {
            let counted = match filter.refers_to.or(filter.record) {
                Some(_) => format!("SELECT COUNT(*) FROM {rows} WHERE {condition}"),
                None => format!("SELECT IFNULL(SUM(n), 0) FROM tally WHERE {condition}"),
            };
            let total: i64 = connection.prepare_cached(&counted)?.query_row(params_from_iter(values.iter()), |row| row.get(0))?;
            let (order, beyond) = match filter.order {
                Order::Title => ("sort_key, id", "(sort_key, id) > (?, ?)"),
                Order::Latest => ("day DESC, id DESC", "(day, id) < (?, ?)"),
            };
            let mut values = values.clone();
            // The rows of a small province are found by place and ordered; those of a large one stand close together in the whole list.
            let mut paged = if total > 5_000 { condition.replace("places IN", "+places IN") } else { condition.clone() };
            if let Some(after) = after {
                paged = format!("{paged} AND {beyond}");
                values.extend(read_key(filter.order, after)?);
            }
            values.push(Sql::Integer(i64::try_from(limit + 1).unwrap_or(i64::MAX)));
            let query = format!("SELECT id, kind, audience, owner, title, day, state, illustrative, version, places, sort_key FROM {rows} WHERE {paged} ORDER BY {order} LIMIT ?");
            let mut statement = connection.prepare_cached(&query)?;
            let mut rows = statement.query(params_from_iter(values.iter()))?;
            let mut found = Vec::new();
            let mut next = None;
            while let Some(row) = rows.next()? {
                if found.len() == limit {
                    next = found.last().map(|(_, key): &(RegisterRow, String)| key.clone());
                    break;
                }
                found.push((register_row(row)?, key_of(filter.order, row)?));
            }
            Ok(RegisterPage { rows: found.into_iter().map(|(row, _)| row).collect(), total: u64::try_from(total).unwrap_or(0), next })
        })
    }

    /// Records that are known by a name (its keys, see [`crate::lookup`]) and that this person may see: at most `limit`, by title.
    pub(crate) fn known_as(
        &self,
        who: &Identity,
        kinds: &[String],
        column: &'static str,
        key: &str,
        limit: usize,
    ) -> Result<Vec<RegisterRow>, OfficeError> {
        let mut condition = Vec::new();
        let mut values = vec![Sql::Text(key.to_owned())];
        if !kinds.is_empty() {
            condition.push(format!("k.kind IN ({})", vec!["?"; kinds.len()].join(",")));
            values.extend(kinds.iter().map(|kind| Sql::Text(kind.clone())));
        }
        condition.push(self.visible(who, &mut values));
        values.push(Sql::Integer(i64::try_from(limit).unwrap_or(i64::MAX)));
        let query = format!(
            "SELECT DISTINCT id, record.kind, audience, owner, title, day, state, illustrative, version, places FROM known_as AS k
               JOIN record ON record.id = k.record WHERE k.{column} = ? AND {} ORDER BY sort_key, id LIMIT ?",
            condition.join(" AND ")
        );
        self.register().views.read(|connection| {
            let mut statement = connection.prepare_cached(&query)?;
            let mut rows = statement.query(params_from_iter(values.iter()))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(register_row(row)?);
            }
            Ok(found)
        })
    }

    /// Titles of records this person may see, for links; ids that are not visible are left out. At most 500 ids are looked at.
    pub fn titles(&self, who: &Identity, ids: &[RecordId]) -> Result<Vec<RegisterRow>, OfficeError> {
        let ids: Vec<&RecordId> = ids.iter().take(500).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut values = Vec::new();
        let visible = self.visible(who, &mut values);
        let marks = vec!["?"; ids.len()].join(",");
        values.extend(ids.iter().map(|id| Sql::Text(id.to_string())));
        let query = format!(
            "SELECT id, kind, audience, owner, title, day, state, illustrative, version, places FROM record WHERE {visible} AND id IN ({marks})"
        );
        self.register().views.read(|connection| {
            let mut statement = connection.prepare(&query)?;
            let mut rows = statement.query(params_from_iter(values.iter()))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(register_row(row)?);
            }
            Ok(found)
        })
    }

    /// How many records of each kind this person may see.
    pub fn kind_counts(&self, who: &Identity) -> Result<Vec<(String, u64)>, OfficeError> {
        let mut values = Vec::new();
        let visible = self.visible(who, &mut values);
        self.register().views.read(|connection| {
            let mut statement = connection
                .prepare_cached(&format!("SELECT kind, SUM(n) FROM tally WHERE {visible} AND n > 0 GROUP BY kind ORDER BY kind"))?;
            let mut rows = statement.query(params_from_iter(values.iter()))?;
            let mut counts = Vec::new();
            while let Some(row) = rows.next()? {
                counts.push((row.get(0)?, u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0)));
            }
            Ok(counts)
        })
    }

    /// How many records that name one of these provinces this person may see, by kind and state; each record counts once.
    pub(crate) fn counts_in(&self, who: &Identity, provinces: &[String]) -> Result<Vec<StateCount>, OfficeError> {
        let mut values = Vec::new();
        let visible = self.visible(who, &mut values);
        let sets = sets_of(provinces, &mut values);
        self.state_counts(&format!("{visible} AND places IN {sets}"), &values)
    }

    /// How many records these bodies keep that this person may see, by kind and state.
    pub(crate) fn counts_kept_by(&self, who: &Identity, bodies: &[RecordId]) -> Result<Vec<StateCount>, OfficeError> {
        let mut values = Vec::new();
        let visible = self.visible(who, &mut values);
        values.extend(bodies.iter().map(|body| Sql::Text(body.to_string())));
        self.state_counts(&format!("{visible} AND owner IN ({})", vec!["?"; bodies.len()].join(",")), &values)
    }

    /// How many records a body keeps, whoever may see them, by kind and state.
    pub(crate) fn counts_of_owner(&self, body: RecordId) -> Result<Vec<StateCount>, OfficeError> {
        self.state_counts("owner = ?", &[Sql::Text(body.to_string())])
    }

    fn state_counts(&self, condition: &str, values: &[Sql]) -> Result<Vec<StateCount>, OfficeError> {
        let query = format!("SELECT kind, state, SUM(n) FROM tally WHERE {condition} AND n > 0 GROUP BY kind, state ORDER BY kind, state");
        self.register().views.read(|connection| {
            let mut statement = connection.prepare_cached(&query)?;
            let mut rows = statement.query(params_from_iter(values.iter()))?;
            let mut counts = Vec::new();
            while let Some(row) = rows.next()? {
                let count = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
                counts.push(StateCount { kind: row.get(0)?, state: row.get(1)?, count });
            }
            Ok(counts)
        })
    }

    /// How many records of each kind this person may see for each set of provinces that some record names.
    pub(crate) fn counts_by_places(&self, who: &Identity) -> Result<Vec<(Vec<String>, String, u64)>, OfficeError> {
        let mut values = Vec::new();
        let visible = self.visible(who, &mut values);
        let query = format!(
            "SELECT places, kind, SUM(n) FROM tally WHERE {visible} AND places > '' AND n > 0 GROUP BY places, kind ORDER BY places, kind"
        );
        self.register().views.read(|connection| {
            let mut statement = connection.prepare_cached(&query)?;
            let mut rows = statement.query(params_from_iter(values.iter()))?;
            let mut counts = Vec::new();
            while let Some(row) = rows.next()? {
                let places = row.get::<_, String>(0)?.split_whitespace().map(str::to_owned).collect();
                counts.push((places, row.get(1)?, u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0)));
            }
            Ok(counts)
        })
    }

    /// The condition on rows that this person may see.
    pub(crate) fn visible(&self, who: &Identity, values: &mut Vec<Sql>) -> String {
        let audiences: Vec<String> = self.audiences_of(who).iter().map(|audience| format!("'{}'", audience.as_str())).collect();
        let mut condition = format!("audience IN ({})", audiences.join(","));
        let mut own = who.bodies();
        own.extend(self.bodies_answered_for(who));
        own.sort_unstable();
        own.dedup();
        if !own.is_empty() {
            condition = format!("{condition} OR owner IN ({})", vec!["?"; own.len()].join(","));
            values.extend(own.iter().map(|body| Sql::Text(body.to_string())));
        }
        if who.is_administrator() {
            condition = format!("{condition} OR owner IS NULL");
        }
        format!("({condition})")
    }
}

/// The sets of provinces that hold one of these, as a query.
fn sets_of(provinces: &[String], values: &mut Vec<Sql>) -> String {
    values.extend(provinces.iter().map(|province| Sql::Text(province.clone())));
    format!("(SELECT places FROM place_set WHERE province IN ({}))", vec!["?"; provinces.len()].join(","))
}

pub(crate) fn register_row(row: &Row<'_>) -> Result<RegisterRow, OfficeError> {
    let id: String = row.get(0)?;
    Ok(RegisterRow {
        id: RecordId::parse(&id).map_err(|_| OfficeError::Data(format!("not a record id: {id}")))?,
        kind: row.get(1)?,
        audience: row.get(2)?,
        owner: row.get::<_, Option<String>>(3)?.and_then(|text| RecordId::parse(&text).ok()),
        title: row.get(4)?,
        day: row.get(5)?,
        state: row.get(6)?,
        illustrative: row.get(7)?,
        version: u64::try_from(row.get::<_, i64>(8)?).unwrap_or(0),
        provinces: row.get::<_, String>(9)?.split_whitespace().map(str::to_owned).collect(),
    })
}

fn key_of(order: Order, row: &Row<'_>) -> Result<String, OfficeError> {
    let id: String = row.get(0)?;
    Ok(match order {
        Order::Latest => format!("{}_{id}", row.get::<_, String>(5)?),
        Order::Title => {
            let mut text = String::new();
            for byte in row.get::<_, Vec<u8>>(10)? {
                text.push_str(&format!("{byte:02x}"));
            }
            format!("{text}_{id}")
        }
    })
}

fn read_key(order: Order, text: &str) -> Result<[Sql; 2], OfficeError> {
    let bad = || {
        OfficeError::refused(
            "bad_cursor",
            "Vị trí trang (after) không hợp lệ. Hãy mở lại danh sách từ trang đầu.",
            "The page position (after) is not valid. Open the list again from its first page.",
        )
    };
    let (first, id) = text.split_once('_').ok_or_else(bad)?;
    let first = match order {
        Order::Latest => Sql::Text(first.to_owned()),
        Order::Title => {
            let mut bytes = Vec::with_capacity(first.len() / 2);
            for at in (0..first.len()).step_by(2) {
                bytes.push(first.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()).ok_or_else(bad)?);
            }
            Sql::Blob(bytes)
        }
    };
    Ok([first, Sql::Text(id.to_owned())])
}
