//! Where a record has arrived: on this node's disk, at the node above, at the Centre (LV-Log/1 §5, states of an entry at the owner).

use exchange::checkpoint::SignedCheckpoint;
use exchange::ledger_shelf::LedgerView;
use exchange::shelf::ShelfRead;
use ledger::{NodeName, Origin, Reader, RecordId};

use super::lanes::CENTRE_RECEIPTS;
use super::sending::release_of;
use super::{Known, TRAVELLING};
use crate::clock::SECOND;
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;

/// A place on a record's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArrivalPlace {
    /// Name of the body that runs the node; of this node's own, its body.
    pub body: String,
    /// The node.
    pub node: String,
    /// Whether it is the Centre.
    pub is_centre: bool,
    /// When it was signed for there, microseconds since 1970; on the own disk, when it was saved; none when it has not arrived. A signature covers everything
    /// before it, so the time is that of the newest one.
    pub at: Option<i64>,
    /// Whether the head has yet to send it.
    pub is_held_back: bool,
}

impl Office {
    /// Where the present version of a record is: here, above, at the Centre. Empty when the record goes nowhere: the node stands alone, or nothing of the record
    /// is for anybody outside.
    ///
    /// # Errors
    /// As [`Office::view`].
    pub fn arrival(&self, who: &Identity, id: RecordId) -> Result<Vec<ArrivalPlace>, OfficeError> {
        let view = self.view(who, id)?;
        let Some(known) = self.exchange().known()? else { return Ok(Vec::new()) };
        let Some(above) = &known.membership.above else { return Ok(Vec::new()) };
        let own = self.directory().get(self.body()).map(|body| body.name_on(self.clock().today()).to_owned()).unwrap_or_default();
        self.ledger().read(|r| {
            let places = entries_of(r, &known.membership.name, id)?;
            if places.is_empty() {
                return Ok(Vec::new());
            }
            let mut is_held_back = false;
            for (origin, index) in &places {
                is_held_back |= release_of(r.store(), &known.membership.name, origin)?.is_some_and(|release| *index >= release);
            }
            let mut way = vec![ArrivalPlace {
                body: own,
                node: known.membership.name.as_str().to_owned(),
                is_centre: false,
                at: Some(view.at),
                is_held_back: false,
            }];
            let mut stops = vec![&above.name];
            if above.name != known.membership.centre {
                stops.push(&known.membership.centre);
            }
            for stop in stops {
                let body = known.directory.member(stop).map(|member| member.title.clone()).filter(|title| !title.is_empty());
                let at = signed_for_at(r, &known, &places, stop)?;
                way.push(ArrivalPlace {
                    body: body.unwrap_or_else(|| stop.as_str().to_owned()),
                    node: stop.as_str().to_owned(),
                    is_centre: *stop == known.membership.centre,
                    at,
                    is_held_back: is_held_back && at.is_none(),
                });
            }
            Ok(way)
        })
    }
}

/// Where the present version of the record stands in the own logs that travel.
fn entries_of(r: &Reader<'_>, own: &NodeName, id: RecordId) -> Result<Vec<(Origin, u64)>, OfficeError> {
    let mut places = Vec::new();
    for audience in TRAVELLING {
        if let Some(version) = r.current(audience, id)? {
            places.push((Origin::of(own, audience)?, version.index));
        }
    }
    Ok(places)
}

/// When `stop` had signed for all of the entries, microseconds since 1970; none when it has not.
fn signed_for_at(r: &Reader<'_>, known: &Known, places: &[(Origin, u64)], stop: &NodeName) -> Result<Option<i64>, OfficeError> {
    let mut latest = None;
    for (origin, index) in places {
        let above = LedgerView::over(r).log(origin)?.and_then(|log| log.receipt);
        let centre = r.cabinet_get(CENTRE_RECEIPTS, origin.as_str())?;
        let centre = centre.as_ref().and_then(|note| note.as_str()).and_then(|note| SignedCheckpoint::parse(note).ok());
        let mut signed_at = None;
        for signed in [above, centre].into_iter().flatten() {
            if signed.checkpoint.origin == *origin && signed.checkpoint.size > *index {
                signed_at = signed_at.max(cosigned_at(known, &signed, stop));
            }
        }
        let Some(signed_at) = signed_at else { return Ok(None) };
        latest = latest.max(Some(signed_at));
    }
    Ok(latest.and_then(|seconds| i64::try_from(seconds).ok()).map(|seconds| seconds.saturating_mul(SECOND)))
}

/// When `node` cosigned, with any of its keys that the checkpoint carries a line of.
fn cosigned_at(known: &Known, signed: &SignedCheckpoint, node: &NodeName) -> Option<u64> {
    let mut keys = known.directory.present_keys(node);
    if *node == known.membership.centre {
        keys.push(known.membership.centre_key);
    }
    keys.iter().filter_map(|key| signed.cosigned_at(node, key)).max()
}
