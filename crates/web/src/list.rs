//! Where a list begins and how much of it is shown: `?limit=&after=&sort=`. Every list is keyset-paged with a cap.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::errors::Failure;
use crate::lang::Label;
use crate::links;

/// Rows shown when nothing is asked for.
pub const USUAL_LIMIT: usize = 50;
/// The most rows one answer gives.
pub const LARGEST_LIMIT: usize = 200;

/// The place in a list. An extractor; a limit that is not a whole number from 1 on is answered with 400, one beyond the cap is lowered to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPlace {
    /// The key after which to go on, as a former answer gave it.
    pub after: Option<String>,
    /// How many rows, 1 to [`LARGEST_LIMIT`].
    pub limit: usize,
    /// The column to sort by; a leading minus turns the order round.
    pub sort: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for ListPlace {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<ListPlace, Failure> {
        ListPlace::of_query(&links::read_query(parts.uri.query().unwrap_or("")))
    }
}

impl ListPlace {
    /// Reads the place from query pairs.
    pub fn of_query(pairs: &[(String, String)]) -> Result<ListPlace, Failure> {
        let value = |name: &str| {
            pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        let limit = match value("limit") {
            None => USUAL_LIMIT,
            Some(text) => match text.parse::<usize>() {
                Ok(limit) if limit > 0 => limit.min(LARGEST_LIMIT),
                _ => {
                    let message = Label::new(
                        format!("Tham số “limit” phải là số nguyên từ 1 đến {LARGEST_LIMIT}; đã nhận “{text}”."),
                        format!("The parameter “limit” must be a whole number from 1 to {LARGEST_LIMIT}; got “{text}”."),
                    );
                    return Err(Failure::bad_parameter("limit", message));
                }
            },
        };
        Ok(ListPlace { after: value("after"), limit, sort: value("sort") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_beyond_the_cap_is_lowered_and_nonsense_is_refused() {
        let place = |query: &str| ListPlace::of_query(&links::read_query(query));
        assert_eq!(place("").unwrap().limit, USUAL_LIMIT);
        assert_eq!(place("limit=9999").unwrap().limit, LARGEST_LIMIT);
        for nonsense in ["limit=0", "limit=-1", "limit=abc", "limit=99999999999999999999999"] {
            assert_eq!(place(nonsense).unwrap_err().code, "bad_parameter");
        }
        assert_eq!(place("after=x&sort=-due").unwrap(), ListPlace { after: Some("x".into()), limit: 50, sort: Some("-due".into()) });
    }
}
