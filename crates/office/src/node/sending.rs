//! When what the node has published goes up: by itself, once a day, or when the head says so. The head answers for what leaves the body; work never waits for
//! him. A log goes up in order, so he lets go a beginning of it, and how far is kept beside the log. Directory and catalogue are never held back.

use std::collections::{BTreeMap, BTreeSet};

use catalogue::Label;
use exchange::directory::PUBLIC;
use exchange::ledger_shelf::{LedgerShelf, LedgerView};
use exchange::shelf::ShelfRead;
use ledger::{Entry, LedgerError, NodeName, Op, Origin, Reader, RecordId, StoreRead, Writer};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Exchange;
use super::merger::closed;
use crate::audit::{AuditEntry, write_audit};
use crate::clock::HOUR;
use crate::error::{OfficeError, label};
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};

const DRAWER: &str = "exchange";
const POLICY: &str = "send_policy";
/// How far each log was let go; the key is its origin.
const RELEASES: &str = "exchange_release";
/// Audiences whose logs can be held back, that of the fewest readers first.
const HELD_BACK: [&str; 3] = ["ministry", "region", PUBLIC];
/// Entries looked at to say of which kinds they are.
const MOST_COUNTED: usize = 2_000;
/// Entries read at a time.
const PAGE: usize = 64;
const MINUTE: i64 = HOUR / 60;
const DAY: i64 = 24 * HOUR;
/// Vietnam's time is so much ahead of UTC.
const AHEAD: i64 = 7 * HOUR;

/// When what is published goes up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "when")]
pub enum SendPolicy {
    /// At once, by itself.
    #[default]
    Automatic,
    /// By the head's standing order, every day at this time of Vietnam.
    Daily {
        /// 0 to 23.
        hour: u8,
        /// 0 to 59.
        minute: u8,
    },
    /// When the head sends it.
    ByHand,
}

/// The policy as it is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct KeptPolicy {
    policy: SendPolicy,
    /// When it was set, microseconds since 1970.
    at: i64,
    by: String,
    /// When something was let go last, microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent_at: Option<i64>,
}

/// What is sent and what waits.
#[derive(Debug, Clone)]
pub struct Sending {
    /// The policy.
    pub policy: SendPolicy,
    /// When, microseconds since 1970, and by whom it was set; none when it never was.
    pub set: Option<(i64, String)>,
    /// When something was sent last by the head or the standing order, microseconds since 1970.
    pub sent_at: Option<i64>,
    /// Entries that wait to be let go.
    pub waiting: u64,
    /// Sizes of the logs as they are now, by audience: what [`Office::send_up`] takes as its end.
    pub sizes: BTreeMap<String, u64>,
}

/// What an entry that waits does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaitingDeed {
    /// Publishes a record.
    New,
    /// Publishes a change.
    Changed,
    /// Takes a record back.
    Withdrawn,
    /// Tells those above to erase.
    Erased,
}

/// An entry that waits to be let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingEntry {
    /// Its log's audience.
    pub audience: String,
    /// When it was written, microseconds since 1970.
    pub at: i64,
    /// The record; none for an erasure.
    pub record: Option<RecordId>,
    /// The record's kind; empty when the entry does not say.
    pub kind: String,
    /// What it does.
    pub deed: WaitingDeed,
}

/// What waits, a page of it.
#[derive(Debug, Clone, Default)]
pub struct SendQueue {
    /// Records by kind, the kinds with most first.
    pub kinds: Vec<(String, u64)>,
    /// Whether the kinds are those of all that waits, or of its beginning only.
    pub is_counted_whole: bool,
    /// Each record once, with its newest change, in the log of the fewest readers first.
    pub rows: Vec<WaitingEntry>,
    /// Where to go on.
    pub next: Option<String>,
}

impl SendPolicy {
    /// Reads `automatic`, `by-hand`, or `daily HH:MM`; the time may be given as `H:MM` and with `h` or `g`.
    pub fn parse(text: &str) -> Option<SendPolicy> {
        match text.trim() {
            "automatic" => Some(SendPolicy::Automatic),
            "by-hand" => Some(SendPolicy::ByHand),
            other => {
                let time = other.strip_prefix("daily")?.trim();
                let (hour, minute) = time.split_once([':', 'h', 'g'])?;
                let whole = |part: &str, below: u8| {
                    let is_number = (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
                    part.parse().ok().filter(|number| is_number && *number < below)
                };
                Some(SendPolicy::Daily { hour: whole(hour.trim(), 24)?, minute: whole(minute.trim(), 60)? })
            }
        }
    }

    /// The code that [`SendPolicy::parse`] reads.
    pub fn code(self) -> String {
        match self {
            SendPolicy::Automatic => "automatic".to_owned(),
            SendPolicy::Daily { hour, minute } => format!("daily {hour:02}:{minute:02}"),
            SendPolicy::ByHand => "by-hand".to_owned(),
        }
    }

    /// The name for people.
    pub fn label(self) -> Label {
        match self {
            SendPolicy::Automatic => label("tự động, ngay khi công bố", "by itself, as soon as it is published"),
            SendPolicy::Daily { hour, minute } => {
                label(format!("hằng ngày lúc {hour:02}:{minute:02}"), format!("every day at {hour:02}:{minute:02}"))
            }
            SendPolicy::ByHand => label("từng đợt, khi lãnh đạo bấm “Gửi lên”", "by hand, when the head presses “Send up”"),
        }
    }

    /// When the standing order was last due, microseconds since 1970.
    fn last_due(self, now: i64) -> Option<i64> {
        let SendPolicy::Daily { hour, minute } = self else { return None };
        let local = now.saturating_add(AHEAD);
        let due = local.div_euclid(DAY) * DAY + i64::from(hour) * HOUR + i64::from(minute) * MINUTE;
        Some(if due > local { due - DAY } else { due } - AHEAD)
    }
}

/// How far an own log may go up; none when all of it may.
pub(super) fn release_of(store: &dyn StoreRead, own: &NodeName, origin: &Origin) -> Result<Option<u64>, OfficeError> {
    let is_held_back = origin.node() == *own && HELD_BACK.contains(&origin.audience());
    // A node that closes has handed in everything, and its last entries have to go.
    if !is_held_back || kept_policy(store)?.policy == SendPolicy::Automatic || closed(store)?.is_some() {
        return Ok(None);
    }
    Ok(Some(kept_release(store, origin)?))
}

/// How many entries of an own log wait to be let go.
pub(super) fn waiting_in(store: &dyn StoreRead, own: &NodeName, origin: &Origin, size: u64, received: u64) -> Result<u64, OfficeError> {
    Ok(release_of(store, own, origin)?.map_or(0, |release| size.saturating_sub(release.max(received))))
}

/// Keeps how far a log may go up.
pub(super) fn keep_release(w: &mut Writer<'_>, origin: &Origin, size: u64) -> Result<(), OfficeError> {
    Ok(w.cabinet_put(RELEASES, origin.as_str(), json!(size))?)
}

fn kept_release(store: &dyn StoreRead, origin: &Origin) -> Result<u64, LedgerError> {
    Ok(store.cabinet_get(RELEASES, origin.as_str())?.and_then(|value| value.as_u64()).unwrap_or(0))
}

fn kept_policy(store: &dyn StoreRead) -> Result<KeptPolicy, OfficeError> {
    Ok(store.cabinet_get(DRAWER, POLICY)?.map(serde_json::from_value).transpose()?.unwrap_or_default())
}

/// Lets everything below these sizes go, or everything when none are given; how many entries, by audience.
fn release(w: &mut Writer<'_>, until: Option<&BTreeMap<String, u64>>) -> Result<Vec<(&'static str, u64)>, OfficeError> {
    let mut released = Vec::new();
    for audience in HELD_BACK {
        let origin = Origin::of(w.node(), audience)?;
        let Some(log) = LedgerShelf::over(w).log(&origin)? else { continue };
        let before = kept_release(w.store(), &origin)?.max(log.received_size());
        let size = until.map_or(log.size, |until| until.get(audience).copied().unwrap_or(0).min(log.size));
        if size > before {
            keep_release(w, &origin, size)?;
            released.push((audience, size - before));
        }
    }
    Ok(released)
}

fn said(released: &[(&str, u64)]) -> String {
    released.iter().map(|(audience, entries)| format!("{audience} {entries}")).collect::<Vec<_>>().join(", ")
}

impl Exchange {
    /// Carries the standing order out when it is due, once, also when the node was off at that time. Returns when something was let go last.
    pub(super) fn standing_order(&self) -> Result<Option<i64>, OfficeError> {
        let now = self.clock.now();
        let kept = self.ledger.read(|r| kept_policy(r.store()))?;
        let is_due =
            move |kept: &KeptPolicy| kept.policy.last_due(now).is_some_and(|due| due > kept.at.max(kept.sent_at.unwrap_or(i64::MIN)));
        if !is_due(&kept) {
            return Ok(kept.sent_at);
        }
        self.ledger.write(move |w| -> Result<Option<i64>, OfficeError> {
            let mut kept = kept_policy(w.store())?;
            // Another program on the same ledger may have been faster.
            if !is_due(&kept) {
                return Ok(kept.sent_at);
            }
            let released = release(w, None)?;
            kept.sent_at = Some(now);
            w.cabinet_put(DRAWER, POLICY, serde_json::to_value(&kept)?)?;
            if !released.is_empty() {
                let mut entry = AuditEntry::of_program(now, &kept.by, "node.send");
                entry.note = format!("{}: {}", kept.policy.code(), said(&released));
                write_audit(w, entry)?;
            }
            Ok(kept.sent_at)
        })
    }
}

impl Office {
    /// Whether this person decides when what the node has published goes up: the head of the body that runs it, or an administrator.
    pub fn may_send_up(&self, who: &Identity) -> crate::permission::Decision {
        let name = self.directory().short_name(self.body(), self.clock().today());
        decide(who, Action::SendUp, &Subject::body(self.body(), name))
    }

    /// When the node's data goes up and how much waits; none when there is no node above.
    pub fn sending(&self, who: &Identity) -> Result<Option<Sending>, OfficeError> {
        self.may_send_up(who).require()?;
        self.sending_now()
    }

    /// How many entries wait for this person to send them; 0 for those who do not decide, and when they need not be sent by hand.
    pub fn waits_to_be_sent(&self, who: &Identity) -> Result<u64, OfficeError> {
        if !self.may_send_up(who).allowed {
            return Ok(0);
        }
        Ok(self.sending_now()?.filter(|sending| sending.policy == SendPolicy::ByHand).map_or(0, |sending| sending.waiting))
    }

    pub(crate) fn sending_now(&self) -> Result<Option<Sending>, OfficeError> {
        if self.membership()?.is_none_or(|membership| membership.above.is_none()) {
            return Ok(None);
        }
        self.ledger().read(|r| {
            let KeptPolicy { policy, at, by, sent_at } = kept_policy(r.store())?;
            let set = (at > 0).then_some((at, by));
            let mut sending = Sending { policy, set, sent_at, waiting: 0, sizes: BTreeMap::new() };
            for (audience, _, from, size) in self.held_back(r)? {
                sending.waiting += size - from;
                sending.sizes.insert(audience.to_owned(), size);
            }
            Ok(Some(sending))
        })
    }

    /// The own logs that can be held back: audience, number, where what waits begins, and size.
    fn held_back(&self, r: &Reader<'_>) -> Result<Vec<(&'static str, i64, u64, u64)>, OfficeError> {
        let own = self.ledger().node();
        let mut logs = Vec::new();
        for audience in HELD_BACK {
            let origin = Origin::of(own, audience)?;
            let (Some(row), Some(log)) = (r.store().log(audience)?, LedgerView::over(r).log(&origin)?) else { continue };
            let waiting = waiting_in(r.store(), own, &origin, log.size, log.received_size())?;
            logs.push((audience, row.id, log.size - waiting, log.size));
        }
        Ok(logs)
    }

    /// Sets when the node's data goes up. What was to go by itself until now still goes; what waits goes on waiting, unless all goes by itself from now on.
    ///
    /// # Errors
    /// `no_node_above`.
    pub fn set_send_policy(&self, who: &Identity, policy: SendPolicy) -> Result<(), OfficeError> {
        self.may_send_up(who).require()?;
        if self.sending_now()?.is_none() {
            return Err(no_node_above());
        }
        let (at, by, entry) = (self.clock().now(), who.name().to_owned(), AuditEntry::of(self, who, "node.policy"));
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            let before = kept_policy(w.store())?;
            if before.policy == policy {
                return Ok(());
            }
            let is_automatic = [before.policy, policy].contains(&SendPolicy::Automatic);
            let released = if is_automatic { release(w, None)? } else { Vec::new() };
            let note = match policy {
                SendPolicy::Automatic => format!("{} → {}: {}", before.policy.code(), policy.code(), said(&released)),
                _ => format!("{} → {}", before.policy.code(), policy.code()),
            };
            let sent_at = if policy == SendPolicy::Automatic { Some(at) } else { before.sent_at };
            w.cabinet_put(DRAWER, POLICY, serde_json::to_value(KeptPolicy { policy, at, by, sent_at })?)?;
            write_audit(w, entry.note(note.trim_end_matches([':', ' '])))
        })?;
        self.exchange().hurry();
        Ok(())
    }

    /// Lets what waits go up, as far as `until`, the sizes that the head has seen, or all of it. Returns how many entries.
    ///
    /// # Errors
    /// `no_node_above`.
    pub fn send_up(&self, who: &Identity, until: Option<BTreeMap<String, u64>>) -> Result<u64, OfficeError> {
        self.may_send_up(who).require()?;
        if self.sending_now()?.is_none() {
            return Err(no_node_above());
        }
        let (now, entry) = (self.clock().now(), AuditEntry::of(self, who, "node.send"));
        let sent = self.ledger().write(move |w| -> Result<u64, OfficeError> {
            let mut kept = kept_policy(w.store())?;
            if kept.policy == SendPolicy::Automatic {
                return Ok(0);
            }
            let released = release(w, until.as_ref())?;
            if released.is_empty() {
                return Ok(0);
            }
            kept.sent_at = Some(now);
            w.cabinet_put(DRAWER, POLICY, serde_json::to_value(&kept)?)?;
            write_audit(w, entry.note(&format!("{}: {}", kept.policy.code(), said(&released))))?;
            Ok(released.iter().map(|(_, entries)| entries).sum())
        })?;
        self.exchange().hurry();
        Ok(sent)
    }

    /// What waits, at most `limit` records from the place `after`, as a page before gave it.
    pub fn send_queue(&self, who: &Identity, after: Option<&str>, limit: usize) -> Result<SendQueue, OfficeError> {
        self.may_send_up(who).require()?;
        self.ledger().read(|r| {
            let logs = self.held_back(r)?;
            let mut queue = SendQueue { is_counted_whole: true, ..SendQueue::default() };
            queue.count_kinds(r, &logs)?;
            let place = after.and_then(|after| after.split_once(':')).and_then(|(audience, index)| Some((audience, index.parse().ok()?)));
            let (audience, index) = place.unwrap_or(("", 0_u64));
            let first = logs.iter().position(|log| log.0 == audience);
            for (number, log) in logs.iter().enumerate().skip(first.unwrap_or(0)) {
                let from = if Some(number) == first { log.2.max(index) } else { log.2 };
                queue.list(r, &logs, number, from, limit)?;
                if queue.next.is_some() {
                    break;
                }
            }
            Ok(queue)
        })
    }
}

type HeldBack = (&'static str, i64, u64, u64);

impl SendQueue {
    fn count_kinds(&mut self, r: &Reader<'_>, logs: &[HeldBack]) -> Result<(), OfficeError> {
        let (mut counted, mut kinds): (usize, BTreeMap<String, BTreeSet<RecordId>>) = (0, BTreeMap::new());
        for (_, log, from, size) in logs {
            let mut at = *from;
            while at < *size {
                if counted >= MOST_COUNTED {
                    self.is_counted_whole = false;
                    break;
                }
                let rows = r.store().entries(*log, at, PAGE)?;
                let Some(last) = rows.last() else { break };
                at = last.index + 1;
                counted += rows.len();
                for row in &rows {
                    if let Op::Put { rec, typ, .. } = Entry::from_bytes(&row.bytes).map_err(LedgerError::from)?.op {
                        kinds.entry(typ).or_default().insert(rec);
                    }
                }
            }
        }
        self.kinds = kinds.into_iter().map(|(kind, records)| (kind, records.len() as u64)).collect();
        self.kinds.sort_by_key(|(_, records)| std::cmp::Reverse(*records));
        Ok(())
    }

    /// Adds what waits in one log, without what another for fewer readers has told.
    fn list(&mut self, r: &Reader<'_>, logs: &[HeldBack], number: usize, from: u64, limit: usize) -> Result<(), OfficeError> {
        let Some((audience, log, _, size)) = logs.get(number) else { return Ok(()) };
        let mut at = from;
        while at < *size {
            let rows = r.store().entries(*log, at, PAGE)?;
            let Some(last) = rows.last() else { break };
            let end = last.index + 1;
            for row in rows {
                if self.rows.len() >= limit {
                    self.next = Some(format!("{audience}:{}", row.index));
                    return Ok(());
                }
                let entry = Entry::from_bytes(&row.bytes).map_err(LedgerError::from)?;
                let (record, kind, deed) = match entry.op {
                    Op::Put { rec, typ, ver, .. } => {
                        let deed = if ver == 1 { WaitingDeed::New } else { WaitingDeed::Changed };
                        (Some(rec), typ, deed)
                    }
                    Op::Drop { rec, .. } => (Some(rec), String::new(), WaitingDeed::Withdrawn),
                    Op::Erase { .. } => (None, String::new(), WaitingDeed::Erased),
                    Op::Other(_) => continue,
                };
                if let Some(rec) = record {
                    let place = r.store().latest(*log, rec)?.map(|latest| latest.index);
                    if place.is_some_and(|place| place != row.index) || told_before(r, logs, number, rec)? {
                        continue;
                    }
                }
                self.rows.push(WaitingEntry {
                    audience: (*audience).to_owned(),
                    at: entry.at.saturating_mul(1_000_000),
                    record,
                    kind,
                    deed,
                });
            }
            at = end;
        }
        Ok(())
    }
}

/// Whether a change of the record waits in a log for fewer readers too.
fn told_before(r: &Reader<'_>, logs: &[HeldBack], number: usize, rec: RecordId) -> Result<bool, OfficeError> {
    for (_, log, from, _) in logs.iter().take(number) {
        if r.store().latest(*log, rec)?.is_some_and(|latest| latest.index >= *from) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn no_node_above() -> OfficeError {
    OfficeError::refused(
        "no_node_above",
        "Nút này không nối lên nút nào nên không có gì để gửi. Hãy nối bằng “lienvung node join”.",
        "No node stands above this one, so there is nothing to send. Connect it with “lienvung node join”.",
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_read_back_as_it_is_written_and_nonsense_is_none() {
        for policy in [SendPolicy::Automatic, SendPolicy::ByHand, SendPolicy::Daily { hour: 7, minute: 5 }] {
            assert_eq!(SendPolicy::parse(&policy.code()), Some(policy));
        }
        assert_eq!(SendPolicy::parse(" daily 17h30 "), Some(SendPolicy::Daily { hour: 17, minute: 30 }));
        assert_eq!(SendPolicy::parse("daily 7:05"), Some(SendPolicy::Daily { hour: 7, minute: 5 }));
        for nonsense in ["", "daily", "daily 24:00", "daily 12:60", "daily +1:00", "daily 1:000", "mỗi ngày", "daily -1:00"] {
            assert_eq!(SendPolicy::parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn the_standing_order_was_last_due_today_or_yesterday_by_vietnams_clock() {
        let daily = SendPolicy::Daily { hour: 17, minute: 30 };
        // 23/11/2026, noon in Vietnam.
        let noon = crate::clock::Clock::standing_at(jiff::civil::date(2026, 11, 23)).now();
        let half_past_five = noon + 5 * HOUR + 30 * MINUTE;
        assert_eq!(daily.last_due(noon), Some(half_past_five - DAY));
        assert_eq!(daily.last_due(half_past_five - 1), Some(half_past_five - DAY));
        assert_eq!(daily.last_due(half_past_five), Some(half_past_five));
        assert_eq!(daily.last_due(noon + 13 * HOUR), Some(half_past_five), "after midnight it is yesterday's");
        assert_eq!(SendPolicy::ByHand.last_due(noon), None);
    }
}
