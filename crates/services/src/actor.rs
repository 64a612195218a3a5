use contract::{Code, accounts::Role};
use uuid::Uuid;

use crate::{Result, error::problem};

/// Who asks, and inside which business. Every use case on behalf of somebody takes one.
#[derive(Clone, Debug)]
pub struct Actor {
    pub business_id: Uuid,
    pub who: Who,
}

#[derive(Clone, Debug)]
pub enum Who {
    Member {
        account_id: Uuid,
        name: String,
        role: Role,
    },
    /// A key of the REST door with what it was allowed.
    ApiKey {
        id: Uuid,
        name: String,
        scopes: Vec<Permission>,
    },
    /// The command line on the server itself.
    Operator,
}

/// What can be allowed. As a scope of an API key it is written `contacts:read` and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    ReadContacts,
    WriteContacts,
    ReadAppointments,
    WriteAppointments,
    ReadMessages,
    SendMessages,
    ReadTasks,
    WriteTasks,
    /// Settings, keys, numbers, members: never a key's.
    ManageBusiness,
}

impl Permission {
    /// All that an API key can have.
    pub const SCOPES: [(&'static str, Permission); 8] = [
        ("contacts:read", Permission::ReadContacts),
        ("contacts:write", Permission::WriteContacts),
        ("appointments:read", Permission::ReadAppointments),
        ("appointments:write", Permission::WriteAppointments),
        ("messages:read", Permission::ReadMessages),
        ("messages:send", Permission::SendMessages),
        ("tasks:read", Permission::ReadTasks),
        ("tasks:write", Permission::WriteTasks),
    ];
}

impl Actor {
    /// Ok if this actor may do `what`.
    ///
    /// # Errors
    /// `NotAllowed`, saying who could.
    pub fn may(&self, what: Permission) -> Result<()> {
        match &self.who {
            Who::Operator => Ok(()),
            Who::Member {
                role: Role::Owner | Role::Admin,
                ..
            } => Ok(()),
            Who::Member { role: Role::Staff, .. } if what != Permission::ManageBusiness => Ok(()),
            Who::Member { .. } => Err(problem(
                Code::NotAllowed,
                "Only an owner or admin of this business may do that.",
            )),
            Who::ApiKey { scopes, .. } if scopes.contains(&what) => Ok(()),
            Who::ApiKey { .. } => Err(problem(Code::NotAllowed, "This API key does not have the scope for that.")),
        }
    }

    /// For ledger and audit rows.
    pub fn label(&self) -> String {
        match &self.who {
            Who::Member { name, account_id, .. } => format!("{name} ({account_id})"),
            Who::ApiKey { name, id, .. } => format!("API key {name} ({id})"),
            Who::Operator => "operator".to_owned(),
        }
    }

    /// For a bubble in a thread.
    pub(crate) fn author(&self) -> String {
        match &self.who {
            Who::Member { name, .. } => name.clone(),
            Who::ApiKey { name, .. } => format!("API · {name}"),
            Who::Operator => "operator".to_owned(),
        }
    }
}
