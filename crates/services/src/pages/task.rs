//! The form of a task: what it is about, and who can look after it.

use contract::task_form::{TaskAbout, TaskForm};
use uuid::Uuid;

use crate::{
    accounts, appointments, contacts,
    kernel::{Actor, Permission, Result, Services, error::not_found},
    messages, tasks,
};

/// What a new task begins with. A message tells whose it is, and so does a visit.
///
/// # Errors
/// `NotFound` for what is not there; `NotAllowed`.
pub async fn blank(s: &Services, actor: &Actor, about: TaskAbout) -> Result<TaskForm> {
    actor.may(Permission::WriteTasks)?;
    let business_id = actor.business_id;
    let mut form = TaskForm {
        members: accounts::colleagues(s, actor).await?,
        ..TaskForm::default()
    };
    let mut person = about.contact_id;
    if let Some(id) = about.appointment_id {
        let visit = appointments::view(s, s.read(), business_id, id).await?;
        person = Some(visit.contact_id);
        form.visit = Some((id, visit.starts_at));
    }
    if let Some(id) = about.message_id {
        let text = messages::views(s.read(), business_id, &[id]).await?.pop();
        let text = text.ok_or_else(|| not_found("message"))?;
        person = Some(text.contact_id);
        form.message = Some((id, text.body));
    }
    if let Some(id) = person {
        let name = contacts::labels(s, s.read(), business_id, vec![id]).await?.remove(&id);
        form.contact = Some((id, name.ok_or_else(|| not_found("contact"))?.name));
    }
    Ok(form)
}

/// What the form of a task shows.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn of(s: &Services, actor: &Actor, id: Uuid) -> Result<TaskForm> {
    let task = tasks::get(s, actor, id).await?;
    Ok(TaskForm {
        members: accounts::colleagues(s, actor).await?,
        task: Some(task),
        ..TaskForm::default()
    })
}
