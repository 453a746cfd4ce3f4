//! How far the logs are: for the operator each log, for everybody each body's completeness (promise I8, I11).

use exchange::checkpoint::SignedCheckpoint;
use exchange::directory::{PRIVATE, PUBLIC};
use exchange::ledger_shelf::LedgerView;
use exchange::protocol::{Answer, Refusal};
use exchange::shelf::{HeldLog, ShelfRead, Standing};
use exchange::signature::{SignatureFields, Target, caller};
use exchange::wire::{WireAnswer, write_answer};
use ledger::{Entry, NodeName, Origin, Reader};
use serde::Serialize;
use serde_json::json;

use super::lanes::kept_trouble;
use super::membership::seconds;
use super::sending::waiting_in;
use super::{Known, lock};
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};
use catalogue::Label;

/// How far one log is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogStanding {
    /// The log.
    pub origin: String,
    /// Whether it is this node's own.
    pub own: bool,
    /// Whether it goes up from here.
    pub travels: bool,
    /// `following`, `sealed`, `forked` or `suspended`.
    pub state: &'static str,
    /// Entries on this node's disk.
    pub next: u64,
    /// Entries under a verified signature of the owner.
    pub signed: u64,
    /// Entries that the node above has acknowledged; of a log that does not go up from here, those that are signed.
    pub received: u64,
    /// Root over all entries on the disk, hexadecimal.
    pub root: String,
    /// Entries that wait until the head sends them: no fault.
    pub waiting: u64,
    /// Age of the oldest entry that may go up and has not been acknowledged above; 0 when there is none.
    pub lag_seconds: u64,
    /// What keeps it from going on, in Vietnamese; none when nothing does.
    pub last_error: Option<String>,
    /// The same in English.
    pub last_error_en: Option<String>,
    /// Since when, microseconds since 1970.
    pub error_since: Option<i64>,
}

/// What this node holds of what a body has published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BodyCompleteness {
    /// The node.
    pub node: String,
    /// Name of the body.
    pub name: String,
    /// Whether it is the body that runs this node.
    pub own: bool,
    /// Versions of records that it has offered, as far as this node knows.
    pub published: u64,
    /// Of these, complete here under its signature.
    pub held: u64,
    /// When the newest signature was acknowledged, seconds since 1970; none when there is none yet.
    pub signed_at: Option<u64>,
    /// `published` − `held`.
    pub gap: u64,
    /// How many of the gap wait until the head sends them; known of this node's own body only.
    pub waiting: u64,
    /// When it last called, microseconds since 1970, since this program was started.
    pub heard_at: Option<i64>,
    /// Whether two signed trees contradict each other.
    pub forked: bool,
    /// The node it lives on in after a merger.
    pub merged_into: Option<String>,
}

impl Office {
    /// How far each log is, own ones first. For administrators.
    pub fn log_standings(&self, who: &Identity) -> Result<Vec<LogStanding>, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        self.standings()
    }

    pub(crate) fn standings(&self) -> Result<Vec<LogStanding>, OfficeError> {
        let now = seconds(self.clock().now());
        let known = self.exchange().known()?;
        let is_top = known.as_ref().is_none_or(|known| known.membership.holder().is_none());
        let goes_up = |origin: &Origin| {
            let owner = origin.node();
            let is_ours = known.as_ref().is_some_and(|known| known.directory.relays(&known.membership.name, origin));
            origin.audience() != PRIVATE && (is_ours || owner == *self.ledger().node())
        };
        self.ledger().read(|r| {
            let view = LedgerView::over(r);
            let mut standings = Vec::new();
            for log in r.store().logs()?.into_iter().chain(r.store().held_logs()?) {
                let Some(held) = view.log(&log.origin)? else { continue };
                let travels = goes_up(&log.origin);
                let received = if is_top || !travels { held.signed_size() } else { held.received_size() };
                let waiting = if is_top { 0 } else { waiting_in(r.store(), self.ledger().node(), &log.origin, held.size, received)? };
                let lag = match travels && received < held.size - waiting {
                    true => oldest_waiting(&view, &log.origin, received)?.map_or(0, |at| now.saturating_sub(at)),
                    false => 0,
                };
                let trouble = kept_trouble(r, &log.origin)?;
                standings.push(LogStanding {
                    origin: log.origin.as_str().to_owned(),
                    own: log.own,
                    travels,
                    state: state_of(&held),
                    next: held.size,
                    signed: held.signed_size(),
                    received,
                    root: held.frontier.root().to_hex(),
                    waiting,
                    lag_seconds: u64::try_from(lag).unwrap_or(0),
                    last_error: trouble.as_ref().map(|trouble| trouble.vi.clone()),
                    last_error_en: trouble.as_ref().map(|trouble| trouble.en.clone()),
                    error_since: trouble.map(|trouble| trouble.since),
                });
            }
            standings.sort_by(|left, right| (!left.own, &left.origin).cmp(&(!right.own, &right.origin)));
            Ok(standings)
        })
    }

    /// Answers another node that asks how far the logs are (LV-Log/1 §4): a member, of the logs that it may read.
    pub fn node_status(&self, target: Target<'_>, fields: Option<&SignatureFields>) -> Result<WireAnswer, OfficeError> {
        let Some(known) = self.exchange().known()? else { return Ok(write_answer(&Answer::NotFound)) };
        let now = u64::try_from(seconds(self.clock().now())).unwrap_or(0);
        let caller = match fields.map(|fields| caller(target, fields, &known.directory, now)) {
            Some(Ok(caller)) => caller,
            Some(Err(refusal)) => return Ok(write_answer(&Answer::Refused(refusal))),
            None => return Ok(write_answer(&Answer::Refused(Refusal::Unsigned))),
        };
        let mut logs = Vec::new();
        for log in self.standings()? {
            if known.directory.may_read(Some(&caller), &Origin::parse(&log.origin)?) {
                logs.push(json!({
                    "origin": log.origin, "state": log.state, "next": log.next, "cp": log.signed, "lag_seconds": log.lag_seconds,
                    "last_error": log.trouble(),
                }));
            }
        }
        let body = json!({"node": known.membership.name.as_str(), "logs": logs}).to_string().into_bytes();
        Ok(WireAnswer { status: 200, body })
    }

    /// For each body under this node, and itself, what is held of the public log. Open to everybody: it is the public's own measure.
    pub fn completeness(&self, who: &Identity) -> Result<Vec<BodyCompleteness>, OfficeError> {
        decide(who, Action::ReadPublic, &Subject::node()).require()?;
        let Some(known) = self.exchange().known()? else { return Ok(Vec::new()) };
        let own_title = self.directory().get(self.body()).map(|body| body.name_on(self.clock().today()).to_owned()).unwrap_or_default();
        let heard = lock(&self.exchange().heard).clone();
        self.ledger().read(|r| {
            let own = &known.membership.name;
            // Itself first, whether or not the directory has come down yet.
            let mut wanted = vec![(own, own_title.as_str())];
            for (node, member) in known.directory.members() {
                if node != own && known.directory.is_under(node, own) {
                    wanted.push((node, member.title.as_str()));
                }
            }
            let mut bodies = Vec::new();
            for (node, title) in wanted {
                let mut body = completeness_of(r, &known, node, title)?;
                body.heard_at = heard.get(node).copied();
                bodies.push(body);
            }
            Ok(bodies)
        })
    }

    /// Whether the line to the node above is cut on purpose.
    pub fn is_unplugged(&self) -> bool {
        self.exchange().is_unplugged()
    }

    /// Cuts the line to the node above, or lets it go again, for rehearsals. Not kept: a restart lets it go.
    pub fn set_unplugged(&self, who: &Identity, is_unplugged: bool) -> Result<(), OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        self.exchange().set_unplugged(is_unplugged);
        Ok(())
    }
}

fn completeness_of(r: &Reader<'_>, known: &Known, node: &NodeName, title: &str) -> Result<BodyCompleteness, OfficeError> {
    let view = LedgerView::over(r);
    let held = view.log(&Origin::of(node, PUBLIC)?)?.unwrap_or_else(HeldLog::empty);
    let is_own = *node == known.membership.name;
    let (complete, signed) = match (is_own, known.membership.holder()) {
        // What the node above has acknowledged of the own log.
        (true, Some(_)) => (held.received_size(), held.receipt.clone()),
        _ => (held.signed_size(), held.checkpoint.clone()),
    };
    let waiting = match (is_own, known.membership.holder()) {
        (true, Some(_)) => waiting_in(r.store(), node, &Origin::of(node, PUBLIC)?, held.size, complete)?,
        _ => 0,
    };
    let successor = known.directory.successor(node);
    Ok(BodyCompleteness {
        node: node.as_str().to_owned(),
        name: title.to_owned(),
        own: is_own,
        published: held.size,
        held: complete,
        signed_at: signed.as_ref().and_then(|signed| acknowledged_at(known, signed)),
        gap: held.size.saturating_sub(complete),
        waiting,
        heard_at: None,
        forked: held.standing == Standing::Forked,
        merged_into: (successor != *node).then(|| successor.as_str().to_owned()),
    })
}

/// The newest time that a node has written beside its cosignature.
fn acknowledged_at(known: &Known, signed: &SignedCheckpoint) -> Option<u64> {
    let mut newest = None;
    for (node, _) in known.directory.members() {
        for key in known.directory.present_keys(node) {
            newest = newest.max(signed.cosigned_at(node, &key));
        }
    }
    newest
}

/// The time of the first entry that is not acknowledged, seconds since 1970.
fn oldest_waiting(view: &LedgerView<'_>, origin: &Origin, received: u64) -> Result<Option<i64>, OfficeError> {
    let row = view.entries(origin, received, 1, usize::MAX)?.pop();
    Ok(row.and_then(|row| Entry::from_bytes(&row.bytes).ok()).map(|entry| entry.at))
}

fn state_of(held: &HeldLog) -> &'static str {
    match held.standing {
        Standing::Following => "following",
        Standing::Sealed => "sealed",
        Standing::Forked => "forked",
        Standing::Suspended => "suspended",
    }
}

impl LogStanding {
    /// What keeps it from going on.
    pub fn trouble(&self) -> Option<Label> {
        Some(Label { vi: self.last_error.clone()?, en: self.last_error_en.clone()? })
    }
}
