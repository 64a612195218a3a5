use contract::{Code, accounts::Role};
use uuid::Uuid;

use super::error::{ONLY_LOOKING, Result, problem};

/// Who asks, and inside which business. Every use case on behalf of somebody takes one.
#[derive(Clone, Debug)]
pub struct Actor {
    pub business_id: Uuid,
    pub who: Principal,
}

/// Who does something: asks for it, or causes it.
#[derive(Clone, Debug)]
pub enum Principal {
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
    /// Somebody who runs the installation: decides about a business, or looks into it, and changes nothing in it.
    Platform {
        account_id: Uuid,
        name: String,
    },
    /// The command line on the server itself.
    Operator,
    /// The customer, by what they texted.
    Customer,
    /// The customer, on the page of their visit.
    CustomerPage,
    /// Nobody asked for it: Twilio, the clock, an upgrade.
    System(&'static str),
}

impl Principal {
    /// For ledger and audit rows.
    pub(crate) fn label(&self) -> String {
        match self {
            Principal::Member { name, account_id, .. } => format!("{name} ({account_id})"),
            Principal::ApiKey { name, id, .. } => format!("API key {name} ({id})"),
            Principal::Platform { name, account_id } => format!("{name}, who runs this installation ({account_id})"),
            other => other.author(),
        }
    }

    /// For a bubble in a thread, or a task that is done.
    pub(crate) fn author(&self) -> String {
        match self {
            Principal::Member { name, .. } => name.clone(),
            Principal::ApiKey { name, .. } => format!("API · {name}"),
            Principal::Platform { name, .. } => format!("{name}, who runs this installation"),
            Principal::Operator => "operator".to_owned(),
            Principal::Customer => "the customer".to_owned(),
            Principal::CustomerPage => "the customer, on their page".to_owned(),
            Principal::System(name) => (*name).to_owned(),
        }
    }
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

/// What somebody who runs the installation may do in a business that they look into.
const LOOKING: [Permission; 4] = [
    Permission::ReadContacts,
    Permission::ReadAppointments,
    Permission::ReadMessages,
    Permission::ReadTasks,
];

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
            Principal::Operator => Ok(()),
            Principal::Member {
                role: Role::Owner | Role::Admin,
                ..
            } => Ok(()),
            Principal::Member { role: Role::Staff, .. } if what != Permission::ManageBusiness => Ok(()),
            Principal::Member { .. } => Err(problem(
                Code::NotAllowed,
                "Only an owner or admin of this business may do that.",
            )),
            Principal::Platform { .. } if LOOKING.contains(&what) => Ok(()),
            Principal::Platform { .. } => Err(problem(Code::NotAllowed, ONLY_LOOKING)),
            Principal::ApiKey { scopes, .. } if scopes.contains(&what) => Ok(()),
            Principal::ApiKey { .. } => Err(problem(Code::NotAllowed, "This API key does not have the scope for that.")),
            Principal::Customer | Principal::CustomerPage | Principal::System(_) => {
                Err(problem(Code::NotAllowed, "Nobody who is signed in asked for this."))
            }
        }
    }

    /// For ledger and audit rows.
    pub fn label(&self) -> String {
        self.who.label()
    }

    /// For a bubble in a thread.
    pub(crate) fn author(&self) -> String {
        self.who.author()
    }
}
