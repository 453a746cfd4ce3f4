//! The Centre's second site: nobody stands above the Centre, so a node right under it takes the Centre's own logs as a node above would (LV-Log/1 §5). What the
//! Centre signs then lies at two places, and a Centre that is put back to a backup has it again.

use exchange::directory::DIRECTORY;
use exchange::protocol::{Answer, Request};
use ledger::Origin;

use super::Line;
use super::membership::{Above, Membership, alone};
use super::merger::{heir_unknown, member};
use crate::error::OfficeError;
use crate::identity::Identity;
use crate::office::Office;
use crate::permission::{Action, Subject, decide};

impl Office {
    /// Makes this node, which stands right under the Centre, the Centre's second site: it takes the Centre's own logs when the Centre brings them.
    ///
    /// # Errors
    /// `node_alone`, `not_under_the_centre`.
    pub fn be_second_site(&self, who: &Identity) -> Result<Membership, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let before = self.membership()?.ok_or_else(alone)?;
        if before.above.as_ref().is_none_or(|above| above.name != before.centre) {
            return Err(OfficeError::refused(
                "not_under_the_centre",
                "Nơi thứ hai của Trung ương phải là nút nối thẳng vào Trung ương.",
                "The Centre's second site has to be a node right under the Centre.",
            ));
        }
        self.keep_place(who, "node.second_site", Membership { is_second_site: true, ..before })
    }

    /// Names, as the Centre, the node that is its second site, and where it is reached; none for none any more. From then on the Centre signs only what the
    /// second site holds.
    ///
    /// # Errors
    /// `not_the_centre`, `heir_unknown` for a name that is no node right under the Centre, `line` when it cannot be reached, `no_second_site` when it does not
    /// take the Centre's logs yet.
    pub fn set_second_site(&self, who: &Identity, line: &dyn Line, site: Option<(&str, &str)>) -> Result<Membership, OfficeError> {
        decide(who, Action::Administer, &Subject::node()).require()?;
        let known = self.exchange().known()?.ok_or_else(alone)?;
        if known.membership.above.is_some() {
            return Err(OfficeError::refused(
                "not_the_centre",
                "Chỉ Trung ương đặt được nơi thứ hai.",
                "Only the Centre has a second site.",
            ));
        }
        let second_site = match site {
            None => None,
            Some((name, address)) => {
                let name = member(&known, name)?;
                if known.directory.parent_of(&name).as_ref() != Some(&known.membership.name) {
                    return Err(heir_unknown(name.as_str()));
                }
                let above = Above { name, address: address.trim().trim_end_matches('/').to_owned() };
                let origin = Origin::of(&known.membership.name, DIRECTORY)?;
                let answer = self.exchange().call(&above, &origin, &Request::Head, &known, line);
                let answer = answer.map_err(|fault| OfficeError::Refused { code: "line", message: fault.0 })?;
                if !matches!(answer, Answer::Head(_)) {
                    return Err(OfficeError::refused(
                        "no_second_site",
                        format!(
                            "Nút tại {} chưa nhận làm nơi thứ hai. Tại nút ấy, chạy “lienvung node be-second-site” trước.",
                            above.address
                        ),
                        format!("The node at {} is no second site yet. Run “lienvung node be-second-site” there first.", above.address),
                    ));
                }
                Some(above)
            }
        };
        let place = Membership { second_site, ..known.membership.clone() };
        let membership = self.keep_place(who, "node.second_site", place)?;
        self.exchange().wake();
        Ok(membership)
    }
}
