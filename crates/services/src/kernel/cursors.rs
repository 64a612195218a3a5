//! Cursors that leave the house: each is signed for whom it was given to and for the list that it is a place in.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a signature: nobody guesses 128 bits.
const SIGNATURE: usize = 16;

tokio::task_local! {
    static SEAL: Seal;
}

/// A list as it was asked for, and the key that its cursors are signed with.
#[derive(Clone)]
pub struct Seal {
    key: [u8; 32],
    of: String,
}

impl Seal {
    /// `of`: the business, the list and its filters.
    pub fn new(key: [u8; 32], of: String) -> Self {
        Self { key, of }
    }

    /// Cursors that are given out or taken in this work are signed so.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        SEAL.scope(self, work).await
    }

    fn signature(&self, bytes: &[u8]) -> Vec<u8> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        mac.update(self.of.as_bytes());
        mac.update(&[0]);
        mac.update(bytes);
        mac.finalize().into_bytes()[..SIGNATURE].to_vec()
    }
}

/// As text; signed where it leaves the house.
pub(super) fn written(mut bytes: Vec<u8>) -> String {
    if let Ok(signature) = SEAL.try_with(|seal| seal.signature(&bytes)) {
        bytes.extend(signature);
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What was written so; none if it was not, or for another list.
pub(super) fn read(text: &str) -> Option<Vec<u8>> {
    let mut bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let is_ours = SEAL.try_with(|seal| {
        let at = bytes.len().checked_sub(SIGNATURE)?;
        let signature = bytes.split_off(at);
        let same: bool = subtle::ConstantTimeEq::ct_eq(seal.signature(&bytes).as_slice(), signature.as_slice()).into();
        same.then_some(())
    });
    match is_ours {
        Ok(None) => None,
        // Pages of our own, whose cursors open nothing that the reader may not see.
        Ok(Some(())) | Err(_) => Some(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_cursor_opens_the_list_alone_that_it_was_made_for() {
        let seal = |of: &str| Seal::new([7; 32], of.to_owned());
        let text = seal("ours, all").scope(async { written(b"here".to_vec()) }).await;
        let opens = async |seal: Seal, text: &str| seal.scope(async { read(text) }).await;
        assert_eq!(opens(seal("ours, all"), &text).await.as_deref(), Some(b"here".as_slice()));
        assert_eq!(opens(seal("ours, some"), &text).await, None);
        assert_eq!(opens(Seal::new([8; 32], "ours, all".to_owned()), &text).await, None);
        assert_eq!(opens(seal("ours, all"), &text[..text.len() - 2]).await, None);
        assert_eq!(opens(seal("ours, all"), "").await, None);
        assert_eq!(
            read(&written(b"here".to_vec())).as_deref(),
            Some(b"here".as_slice()),
            "within the house"
        );
    }
}
