//! Where mail comes back to that could not be delivered: an address for each mail (VERP), so that what comes back says which it was, and
//! nobody can make up that another did.

use hmac::{Hmac, KeyInit, Mac};
use lettre::Address;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use uuid::Uuid;

/// Bytes of the signature in an address: too many to be guessed, few enough for an address.
const SEAL: usize = 8;

/// What is signed, so that it is no other signature with the same secret.
const PURPOSE: &[u8] = b"showup/returns/1";

/// Shorter ones are guessed.
const SHORTEST_SECRET: usize = 16;

pub(crate) struct Returns {
    /// `bounce` of `bounce@mail.example.com`.
    user: String,
    domain: String,
    secret: SecretString,
}

impl Returns {
    pub(super) fn new(address: &str, secret: &SecretString) -> Result<Self, String> {
        let form = "MAIL_BOUNCE_ADDRESS: give an address that also takes mail with a + in it, as in bounce@mail.example.com.";
        let address: Address = address.trim().parse().map_err(|_| form.to_owned())?;
        if address.user().contains('+') || address.user().len() > 12 {
            return Err(form.to_owned());
        }
        if secret.expose_secret().len() < SHORTEST_SECRET {
            return Err(format!("MAIL_BOUNCE_SECRET: give at least {SHORTEST_SECRET} characters."));
        }
        Ok(Self {
            user: address.user().to_owned(),
            domain: address.domain().to_owned(),
            secret: secret.clone(),
        })
    }

    /// Where a mail comes back to.
    pub(super) fn address(&self, mail: Uuid) -> Result<Address, String> {
        let (id, seal) = (mail.simple(), hex::encode(self.seal(mail)));
        Address::new(format!("{}+{id}{seal}", self.user), &self.domain).map_err(|e| e.to_string())
    }

    /// The mail that an address is of; none for one that we have not given out.
    pub(crate) fn mail(&self, address: &str) -> Option<Uuid> {
        let (user, domain) = address.trim().trim_matches(['<', '>']).rsplit_once('@')?;
        let (box_of, token) = user.split_once('+')?;
        let ours = domain.eq_ignore_ascii_case(&self.domain) && box_of.eq_ignore_ascii_case(&self.user);
        let (id, seal) = token.split_at_checked(32).filter(|_| ours)?;
        let id = Uuid::try_parse(id).ok()?;
        let seal = hex::decode(seal).ok().filter(|seal| seal.len() == SEAL)?;
        self.mac(PURPOSE, id.as_bytes())
            .verify_truncated_left(&seal)
            .is_ok()
            .then_some(id)
    }

    /// Whether who hands something over knows the secret. It takes the same time for every wrong one.
    pub(crate) fn knows(&self, secret: &str) -> bool {
        let given = self.mac(b"showup/secret", secret.as_bytes()).finalize().into_bytes();
        let own = self.mac(b"showup/secret", self.secret.expose_secret().as_bytes());
        own.verify_slice(&given).is_ok()
    }

    fn seal(&self, mail: Uuid) -> Vec<u8> {
        let all = self.mac(PURPOSE, mail.as_bytes()).finalize().into_bytes();
        all.into_iter().take(SEAL).collect()
    }

    fn mac(&self, purpose: &[u8], what: &[u8]) -> Hmac<Sha256> {
        let key = self.secret.expose_secret().as_bytes();
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
        mac.update(purpose);
        mac.update(what);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn returns(secret: &str) -> Returns {
        Returns::new("bounce@mail.example.com", &secret.to_owned().into()).expect("an address")
    }

    #[test]
    fn an_address_says_which_mail_came_back_and_can_t_be_made_up() {
        let (ours, id) = (returns("0123456789abcdef"), Uuid::now_v7());
        let address = ours.address(id).expect("an address").to_string();
        assert!(address.split('@').next().is_some_and(|user| user.len() <= 64), "{address}");
        assert_eq!(ours.mail(&address), Some(id));
        assert_eq!(
            ours.mail(&format!("<{}>", address.to_uppercase())),
            Some(id),
            "servers write it as they like"
        );
        assert_eq!(returns("another secret of ours").mail(&address), None);
        for forged in [
            format!("bounce+{}0000000000000000@mail.example.com", id.simple()),
            format!("bounce+{}@mail.example.com", id.simple()),
            address.replace("mail.example.com", "evil.test"),
            address.replace("bounce+", "other+"),
            "bounce@mail.example.com".to_owned(),
            "bounce+é@mail.example.com".to_owned(),
            String::new(),
        ] {
            assert_eq!(ours.mail(&forged), None, "{forged}");
        }
        assert!(ours.knows("0123456789abcdef") && !ours.knows("0123456789abcde") && !ours.knows(""));
    }

    #[test]
    fn what_can_t_be_used_is_said() {
        let long = || SecretString::from("0123456789abcdef".to_owned());
        for wrong in ["", "bounce", "a+b@x.test", "a-very-long-name@x.test"] {
            assert!(
                Returns::new(wrong, &long())
                    .err()
                    .is_some_and(|said| said.starts_with("MAIL_BOUNCE_ADDRESS")),
                "{wrong}"
            );
        }
        let short = Returns::new("b@x.test", &"short".to_owned().into()).err();
        assert!(short.is_some_and(|said| said.starts_with("MAIL_BOUNCE_SECRET") && !said.contains("short")));
    }
}
