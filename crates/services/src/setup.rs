//! A business that begins: with its owner, and perhaps a number.

use contract::{
    Code, FieldError, Problem,
    accounts::{Role, SignUp},
};
use domain::{countries, words};

use uuid::Uuid;

use crate::{
    accounts::{self, SessionStart},
    businesses,
    kernel::{Principal, Result, Services},
    numbers,
};

/// A new business, and its owner.
#[derive(Clone, Copy, Debug)]
pub struct Opened {
    pub account_id: Uuid,
    pub business_id: Uuid,
}

impl From<Opened> for SessionStart {
    fn from(new: Opened) -> Self {
        Self {
            account_id: new.account_id,
            business_id: Some(new.business_id),
        }
    }
}

/// A business with its owner, created together.
///
/// # Errors
/// `Invalid` with one message per field; `Conflict` when the e-mail already has an account; `NotAllowed` where signing up is closed.
pub async fn sign_up(s: &Services, cmd: SignUp) -> Result<Opened> {
    accounts::installation::may_sign_up(s).await?;
    open_business(s, cmd, None, None).await
}

/// The same for the command line, which may give the business a number (its active default sender) and an hourly limit at once.
///
/// # Errors
/// As `sign_up`; `Invalid` or `Conflict` for the number. Nothing is left behind then.
pub async fn open_business(s: &Services, cmd: SignUp, number: Option<&str>, hourly_limit: Option<i32>) -> Result<Opened> {
    let email = valid_sign_up(&cmd)?;
    let said = businesses::said_country(cmd.country.as_deref().unwrap_or_default())?;
    // A number without a country code is one of the country that was said, or that the zone lies in.
    let near = said
        .or_else(|| countries::of_zone(cmd.time_zone.as_deref()?))
        .map_or("", |c| c.code);
    let number = number.map(|typed| numbers::read(typed, near)).transpose()?;
    let hash = accounts::hash_password(s, cmd.password.clone()).await?;
    let mut tx = s.begin().await?;
    // A browser without a script says no zone.
    let told = cmd.time_zone.as_deref().filter(|zone| !zone.trim().is_empty());
    let new = businesses::New {
        name: &cmd.business_name,
        contact_line: &email,
        time_zone: told.or_else(|| countries::only_zone(said?.code)),
        country: said.or_else(|| countries::evident(number.as_deref(), cmd.time_zone.as_deref())),
        hourly_limit,
    };
    let business = businesses::insert(&tx, new).await?;
    let owner = Principal::System("sign-up");
    if let Some(number) = number {
        numbers::insert(&mut tx, &owner, business.id, &number).await?;
    }
    let name = words::line(&cmd.name);
    let opened = accounts::insert_member(&mut tx, &owner, business.id, Role::Owner, &name, &email, hash).await;
    let account_id = match opened {
        Ok(id) => id,
        Err(why) if why.problem().code == Code::Conflict => {
            drop(tx);
            accounts::tell_of_sign_up(s, &email).await?;
            return Err(why);
        }
        Err(why) => return Err(why),
    };
    tx.commit().await?;
    Ok(Opened {
        account_id,
        business_id: business.id,
    })
}

fn valid_sign_up(cmd: &SignUp) -> Result<String> {
    let mut fields = Vec::new();
    let odd = |text: &str| !(1..=100).contains(&words::line(text).chars().count());
    let mut wrong = |field: &str, message: &str| {
        fields.push(FieldError {
            field: field.into(),
            message: message.into(),
        })
    };
    if odd(&cmd.business_name) {
        wrong(
            "business_name",
            "Please give the name your customers know, up to 100 characters.",
        );
    }
    if odd(&cmd.name) {
        wrong("name", "Please give your name, up to 100 characters.");
    }
    let email = accounts::normal_email(&cmd.email);
    if email.is_none() {
        wrong("email", "This does not look like an e-mail address.");
    }
    if let Err(message) = accounts::valid_password(&cmd.password) {
        wrong("password", message);
    }
    match (email, fields.is_empty()) {
        (Some(email), true) => Ok(email),
        _ => Err(Problem {
            fields,
            ..Problem::new(Code::Invalid, "Some fields need another look.")
        }
        .into()),
    }
}
