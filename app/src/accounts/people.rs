//! Who works in the business, and who is to join it.

use contract::accounts::{InvitationLink, InvitationView, PeopleView, PersonView, Role};
use domain::members::{Step, allowed};
use leptos::{prelude::*, server_fn::ServerFn, task::spawn_local};
use leptos_meta::Title;
use uuid::Uuid;

use super::choosing;
use crate::{
    browser,
    components::{Awaited, CopyLine, Icon, TimeFormat, Timestamp},
    error::AppError,
    flash::{Flash, OUTCOME},
    forms::{Choice, Field, FormNote, FormState, Submit},
    session::use_session,
};

#[cfg(feature = "ssr")]
use crate::ssr;

#[cfg(feature = "ssr")]
const PATH: &str = "/settings/people";
const FORM: &str = "invite";
/// Where a button leaves what it has done, and the words for it.
const DONE: &str = "done";
const RESENT: &str = "The invitation is sent again.";
const LINKED: &str = "The invitation has a new link.";
const REVOKED: &str = "The invitation is taken back: its link opens nothing any more.";
const ROLE_SAVED: &str = "The role is saved.";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_people() -> Result<PeopleView, AppError> {
    Ok(services::pages::people::view(&ssr::services()?, &ssr::actor().await?, None).await?)
}

/// The link, where no mail brings it. A browser without a script gets it by way of its session, which the next page empties.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn invite_person(email: String, role: Role) -> Result<Option<InvitationLink>, AppError> {
    let form = ssr::Form::new(FORM, PATH).typed("email", &email).typed("role", role.as_str());
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let made = services::accounts::invitations::invite(&s, &actor, contract::accounts::Invite { email, role }).await?;
        Ok::<_, AppError>(services::pages::people::view(&s, &actor, Some(made)).await?.link)
    };
    ssr::post_bulk_form(form, work).await
}

/// With a new link, as above.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn resend_invitation(id: Uuid) -> Result<Option<InvitationLink>, AppError> {
    let form = ssr::Form::new(Flash::BUTTON, PATH).typed(DONE, RESENT);
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        let made = services::accounts::invitations::send_again(&s, &actor, id).await?;
        Ok::<_, AppError>(services::pages::people::view(&s, &actor, Some(made)).await?.link)
    };
    ssr::post_bulk_form(form, work).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn revoke_invitation(id: Uuid) -> Result<(), AppError> {
    let work = async move { Ok(services::accounts::invitations::revoke(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::post_form(ssr::Form::new(Flash::BUTTON, PATH).typed(DONE, REVOKED), work, |()| None).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn change_role(account_id: Uuid, role: Role) -> Result<(), AppError> {
    let form = ssr::Form::new(role_form(account_id), PATH).typed("role", role.as_str());
    let work = async move {
        let (s, actor) = (ssr::services()?, ssr::actor().await?);
        Ok::<_, AppError>(services::accounts::members::change_role(&s, &actor, account_id, role).await?)
    };
    ssr::post_form(form, work, |()| None).await
}

/// Whether it was oneself: who has left is led to where else they work.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn remove_member(account_id: Uuid) -> Result<bool, AppError> {
    let work = async move {
        let (s, actor, me) = (ssr::services()?, ssr::actor().await?, ssr::account().await?);
        services::accounts::members::remove(&s, &actor, account_id).await?;
        Ok::<_, AppError>(me == account_id)
    };
    let form = ssr::Form::new(Flash::BUTTON, PATH);
    ssr::post_form(form, work, |own| own.then(|| choosing::PATH.to_owned())).await
}

/// Each has a form of its own on the page.
fn role_form(account_id: Uuid) -> String {
    format!("role-{account_id}")
}

#[component]
pub fn PeoplePage() -> impl IntoView {
    let found = Resource::new_blocking(|| (), |()| list_people());
    view! {
        <Title text="People" />
        <div class="flex max-w-2xl flex-col gap-6 p-4">
            <div>
                <h1>"People"</h1>
                <p class="text-muted">
                    "Who works here. Staff do the day’s work; admins change settings, too, and manage admins and staff; owners do everything."
                </p>
            </div>
            <Awaited from=found view=|found| view! { <All found /> } />
        </div>
    }
}

/// What stands on the page, and how it is read again.
#[derive(Clone, Copy)]
struct Shown {
    people: RwSignal<PeopleView>,
    made: RwSignal<Option<InvitationLink>>,
    /// What was done with a member.
    member: RwSignal<String>,
    /// What was done with an invitation.
    invitation: RwSignal<String>,
}

/// What was done with an invitation that was sent again.
fn resent(link: Option<&InvitationLink>) -> String {
    if link.is_some() { LINKED } else { RESENT }.to_owned()
}

/// What a form has left that was posted without a script: of a member, and of an invitation.
fn said(flash: Option<&Flash>, made: Option<&InvitationLink>) -> (String, String) {
    let Some(flash) = flash.filter(|flash| flash.problem.is_none()) else {
        return (String::new(), String::new());
    };
    let member = flash.form.starts_with("role-").then(|| ROLE_SAVED.to_owned());
    let invitation = match flash.typed.get(DONE).map(String::as_str) {
        Some(RESENT) => Some(resent(made)),
        Some(REVOKED) => Some(REVOKED.to_owned()),
        _ => None,
    };
    (member.unwrap_or_default(), invitation.unwrap_or_default())
}

/// Nothing where there are none, so that their line is hidden.
fn words(of: RwSignal<String>) -> Option<String> {
    Some(of.get()).filter(|words| !words.is_empty())
}

impl Shown {
    fn again(self) {
        spawn_local(async move {
            if let Ok(new) = list_people().await {
                self.people.try_set(new);
            }
        });
    }

    /// What an action answered: the page as it is then, or what is wrong at its top.
    fn follow<T: Clone + Send + Sync + 'static>(
        self,
        answer: Signal<Option<Result<T, AppError>>>,
        then: impl Fn(T) + Send + Sync + 'static,
    ) {
        let session = use_session();
        Effect::new(move |_| match answer.get() {
            Some(Ok(value)) => {
                session.problem.set(None);
                then(value);
                self.again();
            }
            Some(Err(error)) => session.problem.set(Some(error.0)),
            None => {}
        });
    }
}

#[component]
fn All(found: PeopleView) -> impl IntoView {
    let session = use_session();
    let flash = session.flash();
    let left = flash
        .as_ref()
        .filter(|flash| [FORM, Flash::BUTTON].contains(&flash.form.as_str()));
    let made = left.and_then(|flash| serde_json::from_str::<Option<InvitationLink>>(flash.typed.get(OUTCOME)?).ok()?);
    let (member, invitation) = said(flash.as_ref(), made.as_ref());
    let shown = Shown {
        people: RwSignal::new(found),
        made: RwSignal::new(made),
        member: RwSignal::new(member),
        invitation: RwSignal::new(invitation),
    };
    // What became of a mail is told with the banners.
    session.live.refetch_on(
        |event| matches!(event, contract::live::LiveEvent::Notices(_)),
        move || shown.again(),
    );
    let may_manage = session.may_manage();
    let members = move || {
        let people = shown.people.get();
        let owners = people.members.iter().filter(|one| one.member.role == Role::Owner).count();
        people
            .members
            .into_iter()
            .map(|person| view! { <Person person owners shown /> })
            .collect_view()
    };
    let invitations = move || {
        let open = shown.people.get().invitations;
        open.into_iter().map(|one| view! { <Open one shown /> }).collect_view()
    };
    // What was done is said there, though no invitation is open any more.
    let nothing = move || shown.people.read().invitations.is_empty() && shown.invitation.read().is_empty();
    view! {
        {may_manage.then(|| view! { <Invite shown /> })}
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="members-heading">
            <h2 id="members-heading">"Members"</h2>
            <p role="status" class="text-sm font-semibold text-success empty:hidden">{move || words(shown.member)}</p>
            <ul class="flex flex-col gap-2">{members}</ul>
        </section>
        <section class="panel flex flex-col gap-3 p-5" class:hidden=nothing aria-labelledby="invitations-heading">
            <h2 id="invitations-heading">"Open invitations"</h2>
            <p role="status" class="text-sm font-semibold text-success empty:hidden">{move || words(shown.invitation)}</p>
            <ul class="flex flex-col gap-2" aria-live="polite">{invitations}</ul>
        </section>
    }
}

#[component]
fn Invite(shown: Shown) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<InvitePerson>::new();
    let form = FormState::new(FORM, action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(link)) = action.value().get() {
            shown.made.set(link);
            shown.invitation.set(String::new());
            shown.again();
        }
    });
    let mine = session.me.with_value(|me| me.role);
    let roles = Role::ALL
        .into_iter()
        .filter(|role| allowed(mine, false, Step::Add(*role), usize::MAX).is_ok())
        .map(|role| (role.as_str().to_owned(), role.label().to_owned()))
        .collect::<Vec<_>>();
    let works = shown.people.with_untracked(|people| people.mail_works);
    let saved = if works {
        "Invited: the mail is on its way."
    } else {
        "Invited."
    };
    // Anew after each, so that they are empty again.
    let round = form.round();
    let fields = move || {
        view! {
            <Field form name="email" label="E-mail" kind="email" required=true hint="They get a link that opens for seven days." />
            <Choice form name="role" label="Role" options=roles.clone() value=Role::Staff.as_str() />
        }
    };
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="invite-heading">
            <h2 id="invite-heading">"Invite somebody"</h2>
            <div role="status">{move || shown.made.get().map(|link| view! { <Made link /> })}</div>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form saved />
                <For each=move || [round.get()] key=|round| *round children=move |_| fields() />
                <div>
                    <Submit form label="Invite" />
                </div>
            </ActionForm>
            <p class="text-sm text-muted" class:hidden=works>
                "E-mail is not set up on this installation: you get the link here, to hand it on yourself."
            </p>
        </section>
    }
}

/// The only time that anybody sees it.
#[component]
fn Made(link: InvitationLink) -> impl IntoView {
    view! {
        <div class="notice notice-success flex flex-col gap-2">
            <p>"Hand this link to " {link.email} ". It is shown this once."</p>
            <CopyLine label="Link to join" text=link.url button="Copy link" />
        </div>
    }
}

#[component]
fn Person(person: PersonView, owners: usize, shown: Shown) -> impl IntoView {
    let session = use_session();
    let (me, mine) = session.me.with_value(|me| (me.account_id, me.role));
    let PersonView {
        member,
        last_in_at,
        second_factor,
    } = person;
    let factor = second_factor.map(|on| {
        if on {
            " · signs in with a code, too"
        } else {
            " · no second step"
        }
    });
    let own = member.id == me;
    let may = |step| allowed(mine, own, step, owners).is_ok();
    let from = member.role;
    let roles: Vec<(String, String)> = Role::ALL
        .into_iter()
        .filter(|role| may(Step::Change { from, to: *role }))
        .map(|role| (role.as_str().to_owned(), role.label().to_owned()))
        .collect();
    let change = (roles.len() > 1)
        .then(|| view! { <ChangeRoleForm account_id=member.id role=member.role roles shown name=member.name.clone() /> });
    let remove = may(Step::Remove(from)).then(|| view! { <Remove account_id=member.id own shown name=member.name.clone() /> });
    let seen = last_in_at.map(|at| view! { " · last signed in " <Timestamp at say=TimeFormat::Inline /> });
    view! {
        <li class="rounded border border-base-300 p-3">
            <h3 class="flex flex-wrap items-center gap-2 text-base font-medium">
                {member.name} <span class="text-sm font-normal text-muted">{own.then_some("you")}</span>
                <span class="state badge-sent">{member.role.as_str()}</span>
            </h3>
            <p class="text-sm break-words text-muted">{member.email}</p>
            <p class="text-sm text-muted">"Here since " <Timestamp at=member.created_at say=TimeFormat::Inline /> {seen} {factor}</p>
            <div class="flex flex-wrap items-start gap-x-4 empty:hidden">{change} {remove}</div>
        </li>
    }
}

#[component]
fn ChangeRoleForm(account_id: Uuid, role: Role, roles: Vec<(String, String)>, shown: Shown, name: String) -> impl IntoView {
    let action = ServerAction::<ChangeRole>::new();
    let form = FormState::new(&role_form(account_id), action, use_session().flash());
    let done = format!("The role of {name} is saved.");
    Effect::new(move |_| {
        if let Some(Ok(())) = action.value().get() {
            shown.member.set(done.clone());
            shown.again();
        }
    });
    let open = form.is_shown_again();
    view! {
        <details class="pt-1" open=open>
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">
                "Change role" <span class="sr-only">{format!(" of {name}")}</span>
            </summary>
            <ActionForm action attr:class="flex flex-col gap-3 pt-2">
                <FormNote form />
                <input type="hidden" name="account_id" value=account_id.to_string() />
                <Choice form name="role" label="Role" options=roles value=role.as_str() />
                <div>
                    <Submit form label="Save role" />
                </div>
            </ActionForm>
        </details>
    }
}

#[component]
fn Remove(account_id: Uuid, own: bool, shown: Shown, name: String) -> impl IntoView {
    let action = ServerAction::<RemoveMember>::new();
    shown.follow(Signal::derive(move || action.value().get()), |own| {
        if own {
            browser::go(choosing::PATH);
        }
    });
    let (ask, what, sure) = if own {
        (
            "Leave",
            "Your conversations and tasks here become nobody’s. You are signed out of this business at once, and your calendar addresses and \
             devices are told nothing more of it.",
            "Leave this business",
        )
    } else {
        (
            "Remove",
            "Their conversations and tasks here become nobody’s. They are signed out of this business at once, and their calendar addresses \
             and devices are told nothing more of it.",
            "Remove from this business",
        )
    };
    view! {
        <details class="pt-1">
            <summary class="link flex min-h-11 w-fit items-center text-sm md:min-h-8">
                {ask} <span class="sr-only">{format!(" {name}")}</span>
            </summary>
            <div class="flex flex-col items-start gap-2 pt-2">
                <p class="text-sm">{what}</p>
                <form
                    method="post"
                    action=RemoveMember::url()
                    on:submit=move |event| {
                        event.prevent_default();
                        action.dispatch(RemoveMember { account_id });
                    }
                >
                    <input type="hidden" name="account_id" value=account_id.to_string() />
                    <button type="submit" class="btn btn-error min-h-11" aria-busy=move || action.pending().get().to_string()>
                        {sure}
                    </button>
                </form>
            </div>
        </details>
    }
}

#[component]
fn Open(one: InvitationView, shown: Shown) -> impl IntoView {
    let id = one.id;
    let (resend, revoke) = (
        ServerAction::<ResendInvitation>::new(),
        ServerAction::<RevokeInvitation>::new(),
    );
    shown.follow(Signal::derive(move || resend.value().get()), move |link| {
        shown.invitation.set(resent(link.as_ref()));
        shown.made.set(link);
    });
    shown.follow(Signal::derive(move || revoke.value().get()), move |()| {
        shown.invitation.set(REVOKED.to_owned());
    });
    let until = if one.expired {
        "The link expired "
    } else {
        "The link opens until "
    };
    let class = if one.mail_failed {
        "text-sm text-error"
    } else {
        "text-sm text-muted"
    };
    let mail = one.mail.map(|words| format!("Mail: {words}"));
    let email = one.email.clone();
    view! {
        <li class="rounded border border-base-300 p-3">
            <p class="font-medium break-words">{one.email} " · " {one.role.as_str()}</p>
            <p class="text-sm text-muted">
                "Invited by " {one.invited_by} " " <Timestamp at=one.sent_at say=TimeFormat::Inline /> ". " {until}
                <Timestamp at=one.expires_at say=TimeFormat::Inline /> "."
            </p>
            <p class=class>{mail}</p>
            <div class="flex flex-wrap gap-2 pt-2">
                <form
                    method="post"
                    action=ResendInvitation::url()
                    on:submit=move |event| {
                        event.prevent_default();
                        resend.dispatch(ResendInvitation { id });
                    }
                >
                    <input type="hidden" name="id" value=id.to_string() />
                    <button type="submit" class="btn btn-sm min-h-11 md:min-h-8" aria-busy=move || resend.pending().get().to_string()>
                        <Icon icon=icondata::LuSend />
                        "Resend" <span class="sr-only">{format!(" to {email}")}</span>
                    </button>
                </form>
                <form
                    method="post"
                    action=RevokeInvitation::url()
                    on:submit=move |event| {
                        event.prevent_default();
                        revoke.dispatch(RevokeInvitation { id });
                    }
                >
                    <input type="hidden" name="id" value=id.to_string() />
                    <button type="submit" class="btn btn-sm min-h-11 md:min-h-8" aria-busy=move || revoke.pending().get().to_string()>
                        <Icon icon=icondata::LuBan />
                        "Revoke"
                    </button>
                </form>
            </div>
        </li>
    }
}
