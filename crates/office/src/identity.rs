//! Who is asking. An [`Identity`] is made only by this crate: by authentication, or as the public.

use ledger::RecordId;
use serde::{Deserialize, Serialize};

/// What somebody may do within one body. The order is by reach: each role may do what the ones before it may, except that an administrator looks
/// after accounts and the node and takes no part in a body's matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees what is inside the body.
    Reader,
    /// Imports, edits, issues, answers.
    Officer,
    /// Does what an officer does, accepts and returns answers.
    Leader,
    /// Looks after accounts, audit, backup and the forms of the whole node.
    Administrator,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 4] = [Role::Reader, Role::Officer, Role::Leader, Role::Administrator];

    /// The stable code, e.g. `officer`.
    pub fn code(self) -> &'static str {
        match self {
            Role::Reader => "reader",
            Role::Officer => "officer",
            Role::Leader => "leader",
            Role::Administrator => "administrator",
        }
    }

    /// Reads a code made by [`Role::code`].
    pub fn from_code(code: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.code() == code)
    }

    /// The role's name.
    pub fn label(self) -> catalogue::Label {
        let (vi, en) = match self {
            Role::Reader => ("Người xem", "Reader"),
            Role::Officer => ("Chuyên viên", "Officer"),
            Role::Leader => ("Lãnh đạo", "Leader"),
            Role::Administrator => ("Quản trị viên", "Administrator"),
        };
        crate::error::label(vi, en)
    }
}

/// One role in one body. The administrator's body is the one that runs the node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The body.
    pub body: RecordId,
    /// The role.
    pub role: Role,
}

/// Who is asking: somebody who has signed in, or the public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    account: Option<String>,
    name: String,
    grants: Vec<Grant>,
}

impl Identity {
    /// Somebody who has not signed in.
    pub fn public() -> Identity {
        Identity { account: None, name: String::new(), grants: Vec::new() }
    }

    pub(crate) fn signed_in(account: String, name: String, grants: Vec<Grant>) -> Identity {
        Identity { account: Some(account), name, grants }
    }

    /// The id of the account; none for the public.
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// The name shown on screen; empty for the public.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Roles by body.
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// Whether somebody has signed in.
    pub fn is_signed_in(&self) -> bool {
        self.account.is_some()
    }

    /// Whether this is an administrator of the node.
    pub fn is_administrator(&self) -> bool {
        self.grants.iter().any(|grant| grant.role == Role::Administrator)
    }

    /// Whether this person is a leader of any body.
    pub fn is_leader(&self) -> bool {
        self.grants.iter().any(|grant| grant.role == Role::Leader)
    }

    /// Whether this person works for any body: officer or leader.
    pub fn is_officer(&self) -> bool {
        self.grants.iter().any(|grant| matches!(grant.role, Role::Officer | Role::Leader))
    }

    /// The highest role in `body` apart from administrator; none when there is none.
    pub fn role_in(&self, body: RecordId) -> Option<Role> {
        self.grants.iter().filter(|grant| grant.body == body && grant.role != Role::Administrator).map(|grant| grant.role).max()
    }

    /// Bodies whose inside this person sees.
    pub fn bodies(&self) -> Vec<RecordId> {
        let mut bodies = Vec::new();
        for grant in &self.grants {
            if grant.role != Role::Administrator && !bodies.contains(&grant.body) {
                bodies.push(grant.body);
            }
        }
        bodies
    }

    /// Bodies in whose name this person acts: those where the role is officer or leader.
    pub fn acting_bodies(&self) -> Vec<RecordId> {
        self.bodies().into_iter().filter(|body| self.role_in(*body) >= Some(Role::Officer)).collect()
    }
}
