//! Who may do what: one table of what can be allowed, the roles of a business's members, and the scopes of API keys.

use serde::{Deserialize, Serialize};

/// What a member is inside one business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Whose business it is: everything.
    Owner,
    /// Everything but who owns it.
    Admin,
    /// The day's work.
    Staff,
}

impl Role {
    /// Every role, the highest first.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Admin, Self::Staff];

    /// What it may do, for who chooses it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Owner => "Owner: everything, and makes owners",
            Self::Admin => "Admin: everything but owners",
            Self::Staff => "Staff: the day’s work, no settings",
        }
    }

    /// The word that is stored and that crosses the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Staff => "staff",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.as_str() == word).ok_or(())
    }
}

/// What an API key must have for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    /// This scope.
    Scope(&'static str),
    /// Nothing more: what else the door asks for bounds it.
    Any,
    /// It is never a key's.
    Never,
}

/// One line of the table.
struct Row {
    owner: bool,
    admin: bool,
    staff: bool,
    key: Key,
}

const fn scope(text: &'static str) -> Key {
    Key::Scope(text)
}

const ANY: Key = Key::Any;
const NEVER: Key = Key::Never;

macro_rules! table {
    (@yes) => { true };
    (@no) => { false };
    ($($(#[$doc:meta])* $name:ident: $owner:ident $admin:ident $staff:ident $key:expr;)+) => {
        /// What can be allowed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Permission {
            $($(#[$doc])* $name),+
        }

        impl Permission {
            /// Everything that can be allowed, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            const fn row(self) -> Row {
                match self {
                    $(Self::$name => Row {
                        owner: table!(@$owner),
                        admin: table!(@$admin),
                        staff: table!(@$staff),
                        key: $key,
                    }),+
                }
            }
        }
    };
}

table! {
    //                   owner  admin  staff  an API key
    ReadContacts:        yes    yes    yes    scope("contacts:read");
    WriteContacts:       yes    yes    yes    scope("contacts:write");
    ReadAppointments:    yes    yes    yes    scope("appointments:read");
    WriteAppointments:   yes    yes    yes    scope("appointments:write");
    ReadMessages:        yes    yes    yes    scope("messages:read");
    SendMessages:        yes    yes    yes    scope("messages:send");
    ReadTasks:           yes    yes    yes    scope("tasks:read");
    WriteTasks:          yes    yes    yes    scope("tasks:write");
    /// Who waits for a time, times that are free, and who is offered them.
    ReadWaitlist:        yes    yes    yes    scope("waitlist:read");
    WriteWaitlist:       yes    yes    yes    scope("waitlist:write");
    /// Who was asked for a review, and who was not.
    ReadReviews:         yes    yes    yes    scope("reviews:read");
    /// To ask for one, and where to.
    WriteReviews:        yes    yes    no     scope("reviews:write");
    ReadNumbers:         yes    yes    yes    scope("numbers:read");
    /// To ask for another number.
    WriteNumbers:        yes    yes    no     scope("numbers:write");
    ReadMembers:         yes    yes    yes    scope("members:read");
    ReadTemplates:       yes    yes    yes    scope("templates:read");
    /// What customers are texted.
    WriteTemplates:      yes    yes    no     scope("templates:write");
    /// What other programs are told of, and how that went.
    ReadWebhooks:        yes    yes    no     scope("webhooks:read");
    WriteWebhooks:       yes    yes    no     scope("webhooks:write");
    /// To have a text sent by a GET, which previews and scanners make, too.
    TriggerByGet:        yes    yes    no     scope("trigger:get");
    /// Texts that staff send with a few keys.
    WriteQuickReplies:   yes    yes    no     scope("quick-replies:write");
    /// Places where visits happen.
    WriteLocations:      yes    yes    no     scope("locations:write");
    /// Files of all contacts, visits or messages. A key reads all of them anyway, page by page.
    ExportData:          yes    yes    no     ANY;
    /// Who changed what.
    ReadAudit:           yes    yes    no     scope("audit:read");
    /// Settings, keys, numbers, members.
    ManageBusiness:      yes    yes    no     NEVER;
    /// Who owns the business: to make somebody an owner, and to change or remove one.
    ManageOwners:        yes    no     no     NEVER;
}

impl Permission {
    /// All that an API key can be allowed, each with how it is written.
    pub fn scopes() -> impl Iterator<Item = (&'static str, Self)> {
        Self::ALL.iter().filter_map(|what| match what.row().key {
            Key::Scope(text) => Some((text, *what)),
            Key::Any | Key::Never => None,
        })
    }

    /// Who could, for a sentence that says so.
    #[must_use]
    pub const fn who_may(self) -> &'static str {
        match self.row() {
            Row { staff: true, .. } => "a member",
            Row { admin: true, .. } => "an owner or admin",
            _ => "an owner",
        }
    }
}

/// Whether a member of this role may do `what`.
#[must_use]
pub const fn allows(role: Role, what: Permission) -> bool {
    let row = what.row();
    match role {
        Role::Owner => row.owner,
        Role::Admin => row.admin,
        Role::Staff => row.staff,
    }
}

/// Whether an API key with these scopes may.
#[must_use]
pub fn key_allows(scopes: &[Permission], what: Permission) -> bool {
    match what.row().key {
        Key::Scope(_) => scopes.contains(&what),
        Key::Any => true,
        Key::Never => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_above_somebody_may_all_that_they_may() {
        for what in Permission::ALL {
            assert!(allows(Role::Owner, *what), "{what:?}: an owner may everything");
            assert!(
                allows(Role::Admin, *what) || !allows(Role::Staff, *what),
                "{what:?}: an admin may what staff may"
            );
        }
    }

    #[test]
    fn the_lines_of_the_product_stand() {
        use Permission as P;
        let may = |role| -> Vec<P> { P::ALL.iter().copied().filter(|what| allows(role, *what)).collect() };
        assert_eq!(
            may(Role::Staff),
            [
                P::ReadContacts,
                P::WriteContacts,
                P::ReadAppointments,
                P::WriteAppointments,
                P::ReadMessages,
                P::SendMessages,
                P::ReadTasks,
                P::WriteTasks,
                P::ReadWaitlist,
                P::WriteWaitlist,
                P::ReadReviews,
                P::ReadNumbers,
                P::ReadMembers,
                P::ReadTemplates
            ],
            "the day's work"
        );
        assert!(!may(Role::Admin).contains(&P::ManageOwners), "members but owners");
        assert_eq!(may(Role::Admin).len() + 1, P::ALL.len(), "all but that");
    }

    #[test]
    fn a_scope_is_written_once_and_gives_what_it_says_alone() {
        let mut written: Vec<&str> = Permission::scopes().map(|(text, _)| text).collect();
        assert_eq!(written.len(), 23);
        written.sort_unstable();
        written.dedup();
        assert_eq!(written.len(), 23, "each once");
        for (_, has) in Permission::scopes() {
            for (text, what) in Permission::scopes() {
                assert_eq!(key_allows(&[has], what), has == what, "{has:?} and {text}");
            }
            assert!(!key_allows(&[has], Permission::ManageBusiness) && !key_allows(&[has], Permission::ManageOwners));
        }
        assert!(!key_allows(Permission::ALL, Permission::ManageBusiness), "whatever it holds");
    }

    #[test]
    fn a_refusal_says_who_could() {
        assert_eq!(Permission::ManageBusiness.who_may(), "an owner or admin");
        assert_eq!(Permission::ManageOwners.who_may(), "an owner");
        assert_eq!(Permission::ReadTasks.who_may(), "a member");
    }

    #[test]
    fn roles_are_stored_as_words() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_value(role).expect("JSON"), role.as_str());
        }
        assert!("Owner".parse::<Role>().is_err());
    }
}
