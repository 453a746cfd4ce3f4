//! One decision per call: may this person do this to that? Every answer says why, in words for the person.

use catalogue::Label;
use ledger::RecordId;

use crate::error::{OfficeError, label};
use crate::identity::{Identity, Role};

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// See what is public.
    ReadPublic,
    /// See what is inside the owning body: drafts, restricted fields, history of drafts.
    ReadInside,
    /// Make or change a record of the owning body.
    Edit,
    /// Issue directives that the owning body has recorded from a document, or change their deadline.
    Issue,
    /// Answer a directive in the name of the body it was issued to.
    Answer,
    /// Accept or return an answer in the name of the assigner.
    Verify,
    /// Send a record of a node below back to its owner, in the name of the body that runs this node.
    ReturnRecord,
    /// Take a step of a workflow that is a leader's: approve, return, reject.
    LeadersStep,
    /// Hold the ballot of a council of the owning body: hand out slips, close, type a paper count.
    HoldBallot,
    /// See one's own work list, reminders and profile.
    OwnDesk,
    /// See the leader's page.
    LeadersPage,
    /// Manage accounts, see the audit trail, back up.
    Administer,
    /// Decide when what the node has published goes up, and send it: the owning body runs the node.
    SendUp,
    /// Change reference data: bodies and persons.
    EditReference,
}

/// The answer to "may I", with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Why, or why not and whom to ask.
    pub why: Label,
}

impl Decision {
    /// Turns a refusal into the error of the call.
    pub fn require(self) -> Result<(), OfficeError> {
        if self.allowed { Ok(()) } else { Err(OfficeError::Denied(self.why)) }
    }
}

/// What the action is about: the body whose matter it is (owner, addressee or assigner), and its name for the explanation.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// The body; none when the action concerns the node or when a record names no body.
    pub body: Option<RecordId>,
    /// The body's name.
    pub name: String,
}

impl Subject {
    /// A subject for actions on the node itself.
    pub fn node() -> Subject {
        Subject::default()
    }

    /// The matter of one body.
    pub fn body(body: RecordId, name: impl Into<String>) -> Subject {
        Subject { body: Some(body), name: name.into() }
    }
}

/// Decides. Pure: the same identity, action and subject always give the same answer.
pub fn decide(identity: &Identity, action: Action, subject: &Subject) -> Decision {
    let role = subject.body.and_then(|body| identity.role_in(body));
    let name = if subject.name.is_empty() { "—" } else { subject.name.as_str() };
    match action {
        Action::ReadPublic => yes("Thông tin công khai, ai cũng xem được.", "Public information, open to everybody."),
        _ if !identity.is_signed_in() => no(
            "Việc này cần đăng nhập. Hãy đăng nhập bằng tài khoản của cơ quan.",
            "This needs a signed-in account. Sign in with your office's account.",
        ),
        Action::OwnDesk => yes("Trang riêng của anh/chị.", "Your own page."),
        Action::LeadersPage if identity.is_leader() => yes("Anh/chị có vai trò lãnh đạo.", "You have a leader's role."),
        Action::LeadersPage => no(
            "Trang này dành cho vai trò lãnh đạo. Quản trị viên có thể cấp vai trò tại trang Người dùng.",
            "This page is for the leader's role. An administrator can grant it on the Users page.",
        ),
        Action::Administer if identity.is_administrator() => yes("Anh/chị là quản trị viên.", "You are an administrator."),
        Action::Administer => no(
            "Chỉ quản trị viên được làm việc này. Hãy liên hệ quản trị viên của nút.",
            "Only an administrator may do this. Ask the node's administrator.",
        ),
        Action::EditReference if identity.is_administrator() => {
            yes("Quản trị viên giữ danh mục cơ quan, cá nhân.", "Administrators keep the reference data of bodies and persons.")
        }
        Action::ReadInside if identity.is_administrator() && subject.body.is_none() => {
            yes("Quản trị viên xem được dữ liệu danh mục.", "Administrators see reference data.")
        }
        Action::SendUp if identity.is_administrator() => {
            yes("Quản trị viên đặt chế độ gửi lên của nút.", "Administrators set when the node's data goes up.")
        }
        Action::Verify | Action::LeadersStep | Action::SendUp => by_role(role, Role::Leader, name),
        Action::ReadInside => by_role(role, Role::Reader, name),
        Action::Edit | Action::Issue | Action::Answer | Action::HoldBallot | Action::ReturnRecord | Action::EditReference => {
            by_role(role, Role::Officer, name)
        }
    }
}

fn by_role(role: Option<Role>, needed: Role, name: &str) -> Decision {
    let needed_label = needed.label();
    match role {
        Some(role) if role >= needed => {
            let role = role.label();
            yes(format!("Anh/chị là {} của {name}.", role.vi.to_lowercase()), format!("You are {} of {name}.", role.en.to_lowercase()))
        }
        Some(role) => {
            let role = role.label();
            no(
                format!(
                    "Anh/chị là {} của {name}; việc này cần vai trò {} trở lên. Hãy nhờ {} của {name} hoặc liên hệ quản trị viên.",
                    role.vi.to_lowercase(),
                    needed_label.vi.to_lowercase(),
                    needed_label.vi.to_lowercase()
                ),
                format!(
                    "You are {} of {name}; this needs the role {} or higher. Ask a {} of {name} or the administrator.",
                    role.en.to_lowercase(),
                    needed_label.en.to_lowercase(),
                    needed_label.en.to_lowercase()
                ),
            )
        }
        None => no(
            format!("Anh/chị không có vai trò nào tại {name}; việc này cần vai trò {} trở lên.", needed_label.vi.to_lowercase()),
            format!("You have no role in {name}; this needs the role {} or higher.", needed_label.en.to_lowercase()),
        ),
    }
}

fn yes(vi: impl Into<String>, en: impl Into<String>) -> Decision {
    Decision { allowed: true, why: label(vi, en) }
}

fn no(vi: impl Into<String>, en: impl Into<String>) -> Decision {
    Decision { allowed: false, why: label(vi, en) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Grant;

    fn person(role: Role, body: RecordId) -> Identity {
        Identity::signed_in("a".into(), "A".into(), vec![Grant { body, role }])
    }

    #[test]
    fn the_table_of_actions_and_roles_holds() {
        let (mine, other) = (RecordId::new(), RecordId::new());
        let own = Subject::body(mine, "Sở A");
        let foreign = Subject::body(other, "Sở B");
        let actions = [
            Action::ReadPublic,
            Action::ReadInside,
            Action::Edit,
            Action::Issue,
            Action::Answer,
            Action::HoldBallot,
            Action::ReturnRecord,
            Action::Verify,
            Action::OwnDesk,
            Action::LeadersPage,
            Action::Administer,
            Action::EditReference,
        ];
        let may = |who: &Identity, subject: &Subject| -> String {
            actions.iter().map(|action| if decide(who, *action, subject).allowed { 'x' } else { '.' }).collect()
        };
        assert_eq!(may(&Identity::public(), &own), "x...........");
        assert_eq!(may(&person(Role::Reader, mine), &own), "xx......x...");
        assert_eq!(may(&person(Role::Officer, mine), &own), "xxxxxxx.x..x");
        assert_eq!(may(&person(Role::Leader, mine), &own), "xxxxxxxxxx.x");
        assert_eq!(may(&person(Role::Administrator, mine), &own), "x.......x.xx");
        for role in [Role::Reader, Role::Officer] {
            assert_eq!(may(&person(role, mine), &foreign), "x.......x...");
        }
        assert_eq!(may(&person(Role::Leader, mine), &foreign), "x.......xx..");
    }

    #[test]
    fn every_refusal_says_whom_to_ask_or_what_is_needed() {
        let body = RecordId::new();
        let decision = decide(&person(Role::Reader, body), Action::Verify, &Subject::body(body, "Sở A"));
        assert!(!decision.allowed);
        assert!(decision.why.vi.contains("lãnh đạo") && decision.why.vi.contains("Sở A"));
    }
}
