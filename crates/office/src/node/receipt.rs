//! The receipt of a record: the file by which somebody who trusts nobody's website finds out that a version stands in a body's log and that the node above holds it.

use catalogue::{Audience, Label};
use exchange::ledger_shelf::LedgerView;
use exchange::receipt::{Receipt, TrustedKey};
use exchange::shelf::ShelfRead;
use ledger::{Origin, RecordId};

use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Decision, Subject, decide};

/// Which receipt somebody wants.
#[derive(Debug, Clone)]
pub struct ReceiptForm {
    /// The record.
    pub record: RecordId,
    /// In the log of this audience.
    pub audience: Audience,
    /// The version in that log; the newest when none.
    pub version: Option<u64>,
    /// Whether the file carries what the record says to this audience. Without it the file shows nothing but identifiers, kind, size and times.
    pub with_payload: bool,
}

impl Office {
    /// The receipt of a version, with the keys that the directory here names, for comparing.
    ///
    /// # Errors
    /// `NotFound` and `Denied` as for the record itself; `Refused`: `audience_stays` (what is inside a body has no receipt), `not_in_audience`, `version_unknown`,
    /// `no_receipt_yet` (nobody above has acknowledged it), `no_node_above`, `payload_erased`.
    pub fn receipt(&self, who: &Identity, form: &ReceiptForm) -> Result<Receipt, OfficeError> {
        let view = self.view(who, form.record)?;
        if form.audience == Audience::Private {
            return Err(OfficeError::refused(
                "audience_stays",
                "Sổ nội bộ không rời khỏi cơ quan nên không có biên nhận. Hãy chọn phạm vi public, region hoặc ministry.",
                "The inside log never leaves the body, so it has no receipts. Choose the audience public, region or ministry.",
            ));
        }
        may_have(view.audience == Audience::Private || self.audiences_of(who).contains(&form.audience), form.audience).require()?;
        let audience = form.audience.as_str();
        let origin = Origin::of(self.ledger().node(), audience)?;
        let (receipt, payload) = self.ledger().read(|r| {
            // A withdrawal may stand before the newest version.
            let versions = r.versions(audience, form.record, form.version.map(|version| version.saturating_add(1)), 2)?;
            let Some(found) = versions.into_iter().next() else { return Err(not_in(form.audience)) };
            if form.version.is_some_and(|version| version != found.ver) {
                return Err(OfficeError::refused(
                    "version_unknown",
                    format!("Bản ghi không có phiên bản này ở phạm vi {audience}. Hãy xem lịch sử của bản ghi."),
                    format!("The record has no such version for the audience {audience}. See the record's history."),
                ));
            }
            let shelf = LedgerView::over(r);
            let Some(receipt) = Receipt::make(&shelf, &origin, found.index)? else {
                let received = shelf.log(&origin)?.map_or(0, |log| log.received_size());
                return Err(self.not_yet(&origin, found.ver, found.index, received)?);
            };
            Ok((receipt, r.entry(audience, found.index)?.and_then(|row| row.payload)))
        })?;
        let keys = self.keys_for(who, &receipt)?;
        let receipt = receipt.with_keys(&keys);
        if !form.with_payload {
            return Ok(receipt);
        }
        let payload = payload.ok_or_else(|| {
            OfficeError::refused(
                "payload_erased",
                "Nội dung của phiên bản này đã được xóa; vẫn lấy được biên nhận không kèm nội dung.",
                "The content of this version has been erased; a receipt without content can still be had.",
            )
        })?;
        receipt.with_payload(payload).map_err(|error| OfficeError::Data(error.to_string()))
    }

    /// The keys that the directory held here names for the nodes that signed a receipt; none when the node is not connected. Open to everybody, as the directory is.
    pub fn keys_for(&self, who: &Identity, receipt: &Receipt) -> Result<Vec<TrustedKey>, OfficeError> {
        decide(who, Action::ReadPublic, &Subject::node()).require()?;
        let Some(known) = self.exchange().known()? else { return Ok(Vec::new()) };
        let mut keys = receipt.keys_in(&known.directory);
        // The node knows its own key before the directory that names it has come down.
        let own = &known.membership.name;
        if receipt.checkpoint().origin.node() == *own
            && !keys.iter().any(|key| key.node() == own)
            && let Some(key) = TrustedKey::parse(&known.parent.key.public().vkey(&format!("lv1/{}", own.as_str())))
        {
            keys.insert(0, key);
        }
        Ok(keys)
    }

    fn not_yet(&self, origin: &Origin, version: u64, index: u64, received: u64) -> Result<OfficeError, OfficeError> {
        if received == 0 && self.membership()?.is_none_or(|membership| membership.above.is_none()) {
            return Ok(OfficeError::refused(
                "no_node_above",
                "Nút này không nối lên nút nào nên không có bên xác nhận; chưa có biên nhận. Hãy nối bằng “lienvung node join”.",
                "No node stands above this one, so nobody acknowledges its logs and there are no receipts. Connect it with “lienvung node join”.",
            ));
        }
        let place = index + 1;
        Ok(OfficeError::refused(
            "no_receipt_yet",
            format!(
                "Chưa có biên nhận: phiên bản {version} là mục thứ {place} của sổ {origin}, nút trên mới xác nhận {received} mục. Hãy đợi gửi xong (xem \
                 “lienvung node status”) rồi làm lại, hoặc lấy biên nhận của phiên bản trước."
            ),
            format!(
                "No receipt yet: version {version} is entry number {place} of the log {origin}, and the node above has acknowledged {received}. Wait until it \
                 has gone up (see “lienvung node status”) and try again, or ask for an earlier version."
            ),
        ))
    }
}

fn may_have(allowed: bool, audience: Audience) -> Decision {
    let label = audience.label();
    let why = match allowed {
        true => Label::new("Anh/chị xem được bản ghi ở phạm vi này.", "You may see the record for this audience."),
        false => Label::new(
            format!("Anh/chị không thuộc phạm vi “{}” của bản ghi này. Hãy dùng tài khoản của cơ quan giữ bản ghi.", label.vi),
            format!("You do not belong to the audience “{}” of this record. Use an account of the body that keeps it.", label.en),
        ),
    };
    Decision { allowed, why }
}

fn not_in(audience: Audience) -> OfficeError {
    let code = audience.as_str();
    OfficeError::refused(
        "not_in_audience",
        format!(
            "Bản ghi không có trong sổ {code}. Một bản ghi chỉ nằm trong sổ của những phạm vi xem được nó; hãy chọn phạm vi khác (public, region, ministry)."
        ),
        format!(
            "The record is not in the log {code}. A record stands only in the logs of audiences that see it in their own way; choose another (public, region, ministry)."
        ),
    )
}
