//! The end: "Nơi nhận" at the left, the signature at the right; and two signatures side by side.

use std::io;

use super::letterhead::{LEFT, dashed};
use super::sheet::{Orientation, Sheet};
use super::{Authority, Signatory, Signature};

pub(super) fn write(sheet: &mut Sheet<'_>, recipients: &[String], signature: Option<&Signature>) -> io::Result<()> {
    sheet.turn(Orientation::Portrait)?;
    let right = Orientation::Portrait.text_width() - LEFT;
    sheet.gap()?;
    sheet.begin_layout_table(&[LEFT, right])?;
    sheet.begin_row(false)?;
    sheet.begin_cell(LEFT)?;
    if recipients.is_empty() {
        sheet.line("Recipient", "")?;
    } else {
        sheet.line("RecipientsHead", "Nơi nhận:")?;
        for line in dashed(recipients) {
            sheet.line("Recipient", &line)?;
        }
    }
    sheet.end_cell()?;
    sheet.begin_cell(right)?;
    match signature {
        Some(signature) => {
            for line in authority_lines(signature) {
                sheet.line("Authority", &line)?;
            }
            sheet.line("SignerName", signature.signer_name.as_deref().unwrap_or_default())?;
        }
        None => sheet.line("Authority", "")?,
    }
    sheet.end_cell()?;
    sheet.end_row()?;
    sheet.end_table()
}

/// Two people beside one another.
pub(super) fn signatures(sheet: &mut Sheet<'_>, left: &Signatory, right: &Signatory) -> io::Result<()> {
    let half = sheet.text_width() / 2;
    sheet.begin_layout_table(&[half, half])?;
    sheet.begin_row(false)?;
    for signatory in [left, right] {
        sheet.begin_cell(half)?;
        sheet.line("Authority", &signatory.role.to_uppercase())?;
        // One who signs alone leaves the other side empty.
        sheet.line("SignHint", if signatory.role.trim().is_empty() { "" } else { "(Chữ ký, họ và tên)" })?;
        sheet.line("SignerName", signatory.name.as_deref().unwrap_or_default())?;
        sheet.end_cell()?;
    }
    sheet.end_row()?;
    sheet.end_table()
}

/// The lines above the name, in capitals.
fn authority_lines(signature: &Signature) -> Vec<String> {
    let mut lines = Vec::new();
    let mut acting = false;
    for authority in &signature.authority {
        match authority {
            Authority::Collective(body) => lines.push(format!("TM. {}", body.to_uppercase())),
            Authority::ForHead(head) => lines.push(format!("KT. {}", head.to_uppercase())),
            Authority::ByOrder(head) => lines.push(format!("TL. {}", head.to_uppercase())),
            Authority::Delegated(head) => lines.push(format!("TUQ. {}", head.to_uppercase())),
            Authority::Acting => acting = true,
        }
    }
    let position = signature.position.trim().to_uppercase();
    lines.push(if acting { format!("Q. {position}") } else { position });
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_right_to_sign_has_its_abbreviation() {
        let lines = |authority: Vec<Authority>, position: &str| {
            authority_lines(&Signature { authority, position: position.into(), signer_name: None }).join(" | ")
        };
        assert_eq!(lines(vec![], "Giám đốc"), "GIÁM ĐỐC");
        assert_eq!(lines(vec![Authority::Acting], "Giám đốc"), "Q. GIÁM ĐỐC");
        assert_eq!(lines(vec![Authority::ForHead("Giám đốc".into())], "Phó Giám đốc"), "KT. GIÁM ĐỐC | PHÓ GIÁM ĐỐC");
        assert_eq!(lines(vec![Authority::ByOrder("Giám đốc".into())], "Chánh Văn phòng"), "TL. GIÁM ĐỐC | CHÁNH VĂN PHÒNG");
        assert_eq!(lines(vec![Authority::Delegated("Bộ trưởng".into())], "Vụ trưởng"), "TUQ. BỘ TRƯỞNG | VỤ TRƯỞNG");
        assert_eq!(
            lines(vec![Authority::Collective("Ủy ban nhân dân".into()), Authority::ForHead("Chủ tịch".into())], "Phó Chủ tịch"),
            "TM. ỦY BAN NHÂN DÂN | KT. CHỦ TỊCH | PHÓ CHỦ TỊCH"
        );
    }
}
