//! Group commit: things that arrive together share one transaction, and each is answered after it.
//!
//! Nobody waits for company: whoever comes first works at once, and what comes meanwhile is the next group. So a lone request is as fast
//! as ever, and under load the cost of a commit (a disk sync) is shared.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use tokio::sync::{Semaphore, oneshot};

/// A place where `T`s come together to become `R`s.
pub(crate) struct Batcher<T, R> {
    waiting: Mutex<VecDeque<(T, oneshot::Sender<R>)>>,
    /// Held by those who work for all.
    turns: Semaphore,
}

impl<T, R> Batcher<T, R> {
    /// With so many groups at work at once: as many as the database takes transactions that write.
    pub(crate) fn new(groups: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            turns: Semaphore::new(groups),
        }
    }

    /// What becomes of `item`. `work` gets a group of at most `most` items, in the order they came, and answers each in that order.
    /// None when the one who worked for it broke off.
    pub(crate) async fn run<W: Future<Output = Vec<R>>>(&self, item: T, most: usize, work: impl Fn(Vec<T>) -> W) -> Option<R> {
        let (done, mut answer) = oneshot::channel();
        self.lock().push_back((item, done));
        let turn = tokio::select! {
            biased;
            answered = &mut answer => return answered.ok(),
            turn = self.turns.acquire() => turn,
        };
        // Its own item may have been served between the two, or another group has it; else it is among those that wait.
        loop {
            match answer.try_recv() {
                Ok(answered) => return Some(answered),
                Err(oneshot::error::TryRecvError::Closed) => return None,
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
            let (items, callers): (Vec<T>, Vec<_>) = {
                let mut waiting = self.lock();
                let group = waiting.len().min(most);
                waiting.drain(..group).unzip()
            };
            if items.is_empty() {
                // Others may come meanwhile; the turn is theirs.
                drop(turn);
                return answer.await.ok();
            }
            for (caller, answered) in callers.into_iter().zip(Box::pin(work(items)).await) {
                // Whoever does not wait any more has lost nothing: the work is done.
                let _ = caller.send(answered);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<(T, oneshot::Sender<R>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn everybody_gets_their_own_answer_and_groups_form_under_load() {
        let place = Arc::new(Batcher::<usize, usize>::new(1));
        let groups = Arc::new(AtomicUsize::new(0));
        let all = (0..200).map(|n| {
            let (place, groups) = (place.clone(), groups.clone());
            tokio::spawn(async move {
                let work = |items: Vec<usize>| {
                    groups.fetch_add(1, Ordering::SeqCst);
                    async move {
                        assert!(items.len() <= 50);
                        tokio::task::yield_now().await;
                        items.into_iter().map(|i| i * 2).collect()
                    }
                };
                (n, place.run(n, 50, work).await)
            })
        });
        for task in futures::future::join_all(all).await {
            let (n, answer) = task.expect("no panic");
            assert_eq!(answer, Some(n * 2));
        }
        assert!(groups.load(Ordering::SeqCst) < 200, "they shared");
    }

    #[tokio::test]
    async fn one_who_breaks_off_takes_only_their_group_along() {
        let place = Arc::new(Batcher::<&str, ()>::new(2));
        let broken = {
            let place = place.clone();
            tokio::spawn(async move { place.run("bad", 10, |_| async { panic!("on purpose") }).await })
        };
        assert!(broken.await.is_err());
        assert_eq!(
            place.run("good", 10, |items| async move { vec![(); items.len()] }).await,
            Some(())
        );
    }
}
