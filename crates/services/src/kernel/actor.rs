use contract::Code;
pub use domain::permissions::Permission;
use domain::permissions::{Role, allows, key_allows};
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

    /// As the audit trail finds what somebody did: an account's or a key's id, else what kind of hand it was.
    pub(crate) fn hand(&self) -> String {
        match self {
            Principal::Member { account_id: id, .. }
            | Principal::Platform { account_id: id, .. }
            | Principal::ApiKey { id, .. } => id.to_string(),
            Principal::Operator => "operator".to_owned(),
            Principal::Customer | Principal::CustomerPage => "customer".to_owned(),
            Principal::System(_) => "system".to_owned(),
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

/// What somebody who runs the installation may do in a business that they look into.
const LOOKING: [Permission; 9] = [
    Permission::ReadContacts,
    Permission::ReadAppointments,
    Permission::ReadMessages,
    Permission::ReadTasks,
    Permission::ReadWaitlist,
    Permission::ReadReviews,
    Permission::ReadNumbers,
    Permission::ReadMembers,
    Permission::ReadTemplates,
];

impl Actor {
    /// Ok if this actor may do `what`.
    ///
    /// # Errors
    /// `NotAllowed`, saying who could.
    pub fn may(&self, what: Permission) -> Result<()> {
        match &self.who {
            Principal::Operator => Ok(()),
            Principal::Member { role, .. } if allows(*role, what) => Ok(()),
            Principal::Member { .. } => Err(problem(
                Code::NotAllowed,
                format!("Only {} of this business may do that.", what.who_may()),
            )),
            Principal::Platform { .. } if LOOKING.contains(&what) => Ok(()),
            Principal::Platform { .. } => Err(problem(Code::NotAllowed, ONLY_LOOKING)),
            Principal::ApiKey { scopes, .. } if key_allows(scopes, what) => Ok(()),
            Principal::ApiKey { .. } => Err(problem(Code::NotAllowed, "This API key does not have the scope for that.")),
            Principal::Customer | Principal::CustomerPage | Principal::System(_) => {
                Err(problem(Code::NotAllowed, "Nobody who is signed in asked for this."))
            }
        }
    }

    /// Ok if this actor runs the installation: decides what businesses ask it for.
    ///
    /// # Errors
    /// `NotAllowed`.
    pub fn may_run_installation(&self) -> Result<()> {
        match &self.who {
            Principal::Operator | Principal::Platform { .. } => Ok(()),
            _ => Err(problem(Code::NotAllowed, "Only whoever runs this installation may do that.")),
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
