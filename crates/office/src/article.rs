//! Readers' traces on articles: views, and votes of one to five stars from people who proved to be people.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use ledger::RecordId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::OfficeError;
use crate::office::Office;
use crate::session::digest;

const VIEWS: &str = "views";
const VOTES: &str = "votes";
const VOTERS: &str = "voter";
const SECRET: &str = "node";
/// Views are written down when this many have gathered, and when the office is told to.
const WRITTEN_EVERY: u64 = 50;

/// Views not yet written down. Losing a few in a crash loses nothing that anybody was promised.
#[derive(Debug, Default)]
pub(crate) struct Visits {
    waiting: Mutex<(u64, BTreeMap<RecordId, u64>)>,
}

/// Views and votes of an article on this node; what an older portal counted stands in the article itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readership {
    /// Pages shown.
    pub views: u64,
    /// Votes.
    pub votes: u64,
    /// Sum of stars.
    pub stars: u64,
}

impl Readership {
    /// Mean of the votes in tenths of a star; none without votes.
    pub fn mean_tenths(&self) -> Option<u64> {
        (self.votes > 0).then(|| (self.stars * 20 + self.votes) / (2 * self.votes))
    }
}

/// A small question that only a reader answers: "năm cộng ba bằng mấy?"
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The two summands, to be shown as words.
    pub summands: (i64, i64),
    /// What the form sends back beside the answer.
    pub token: String,
}

impl Office {
    /// Counts one view.
    pub fn count_view(&self, article: RecordId) -> Result<(), OfficeError> {
        let full = {
            let mut waiting = self.visits.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.0 += 1;
            *waiting.1.entry(article).or_default() += 1;
            waiting.0 >= WRITTEN_EVERY
        };
        if full { self.write_views() } else { Ok(()) }
    }

    /// Writes gathered views down.
    pub fn write_views(&self) -> Result<(), OfficeError> {
        let gathered = {
            let mut waiting = self.visits.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.0 = 0;
            std::mem::take(&mut waiting.1)
        };
        if gathered.is_empty() {
            return Ok(());
        }
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            for (article, more) in gathered {
                let key = article.to_string();
                let views = w.cabinet_get(VIEWS, &key)?.and_then(|value| value.as_u64()).unwrap_or(0);
                w.cabinet_put(VIEWS, &key, Value::from(views + more))?;
            }
            Ok(())
        })
    }

    /// Views and votes of an article.
    pub fn readership(&self, article: RecordId) -> Result<Readership, OfficeError> {
        let key = article.to_string();
        let (views, votes) =
            self.ledger().read(|r| -> Result<_, OfficeError> { Ok((r.cabinet_get(VIEWS, &key)?, r.cabinet_get(VOTES, &key)?)) })?;
        let mut readership: Readership = votes.map(serde_json::from_value).transpose()?.unwrap_or_default();
        let waiting = self.visits.waiting.lock().unwrap_or_else(PoisonError::into_inner).1.get(&article).copied().unwrap_or(0);
        readership.views = views.and_then(|value| value.as_u64()).unwrap_or(0) + waiting;
        Ok(readership)
    }

    /// A question for today; the answer is not in the page.
    pub fn question(&self, article: RecordId) -> Result<Question, OfficeError> {
        let nonce = crate::session::new_token();
        let (first, second) = summands(&nonce);
        let token = format!("{nonce}.{}", self.seal(&nonce, article, first + second)?);
        Ok(Question { summands: (first, second), token })
    }

    /// Takes a vote of 1 to 5 stars. `voter` is what tells readers apart (address and browser); it is kept only as a hash.
    pub fn vote(&self, article: RecordId, stars: u64, voter: &str, token: &str, answer: &str) -> Result<(), OfficeError> {
        let wrong = || {
            OfficeError::refused(
                "not_proved",
                "Câu trả lời chưa đúng. Hãy trả lời lại câu hỏi bên dưới bài.",
                "The answer is not right. Answer the question below the article again.",
            )
        };
        if !(1..=5).contains(&stars) {
            return Err(OfficeError::refused("stars", "Hãy chọn từ 1 đến 5 sao.", "Choose 1 to 5 stars."));
        }
        let (nonce, seal) = token.split_once('.').ok_or_else(wrong)?;
        let sum: i64 = answer.trim().parse().map_err(|_| wrong())?;
        if self.seal(nonce, article, sum)? != seal {
            return Err(wrong());
        }
        self.view(&crate::identity::Identity::public(), article)?;
        let key = article.to_string();
        let voter = digest(&format!("{key}/{voter}/{}", self.secret()?));
        let used = digest(nonce);
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            if w.cabinet_get(VOTERS, &voter)?.is_some() || w.cabinet_get(VOTERS, &used)?.is_some() {
                return Err(OfficeError::refused("voted", "Anh/chị đã bình chọn bài này.", "You have voted on this article already."));
            }
            let mut votes: Readership = w.cabinet_get(VOTES, &key)?.map(serde_json::from_value).transpose()?.unwrap_or_default();
            votes.votes += 1;
            votes.stars += stars;
            w.cabinet_put(VOTES, &key, serde_json::to_value(votes)?)?;
            w.cabinet_put(VOTERS, &voter, Value::Bool(true))?;
            w.cabinet_put(VOTERS, &used, Value::Bool(true))?;
            Ok(())
        })
    }

    fn seal(&self, nonce: &str, article: RecordId, sum: i64) -> Result<String, OfficeError> {
        Ok(digest(&format!("{}/{nonce}/{article}/{sum}", self.secret()?)))
    }

    fn secret(&self) -> Result<String, OfficeError> {
        let read = |value: Option<Value>| value.and_then(|value| value.as_str().map(str::to_owned));
        if let Some(secret) = read(self.ledger().read(|r| r.cabinet_get(SECRET, "secret"))?) {
            return Ok(secret);
        }
        let fresh = crate::session::new_token();
        self.ledger().write(move |w| -> Result<String, OfficeError> {
            if let Some(secret) = read(w.cabinet_get(SECRET, "secret")?) {
                return Ok(secret);
            }
            w.cabinet_put(SECRET, "secret", Value::String(fresh.clone()))?;
            Ok(fresh)
        })
    }
}

/// Two numbers from 1 to 9 out of a nonce.
fn summands(nonce: &str) -> (i64, i64) {
    let digest = digest(nonce);
    let mut digits = digest.bytes().map(|byte| i64::from(byte % 9) + 1);
    (digits.next().unwrap_or(4), digits.next().unwrap_or(5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_rounded_to_tenths() {
        assert_eq!(Readership { views: 0, votes: 3, stars: 14 }.mean_tenths(), Some(47));
        assert_eq!(Readership::default().mean_tenths(), None);
    }
}
