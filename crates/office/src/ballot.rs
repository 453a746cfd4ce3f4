//! The urn of a secret ballot. It exists in the memory of the running program and nowhere else: no file, no log and no backup ever holds a ballot or a
//! slip, so nothing there can say who voted how, in which order or when. A program that stops loses the urn; the ballot is then held again.
//!
//! Inside the urn a ballot is a number that goes up by one, or a score sheet put in at a random place. Of a slip only the hash is kept, and whether it has
//! been used; no ballot knows its slip.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use catalogue::{BallotForm, Label, ScoreSheet};
use ledger::RecordId;
use rand::{Rng, RngExt};

use crate::error::OfficeError;
use crate::office::Office;
use crate::session::digest;

/// 32 signs that are not taken for one another when written by hand: 5 bits each.
const SIGNS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// 12 signs make 60 bits: nobody guesses one of nine slips in the hour of a meeting.
const SLIP_LENGTH: usize = 12;

/// What is marked on a ballot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BallotMark {
    /// One of the choices, by its code.
    Choice(String),
    /// Points in the order of the criteria.
    Points(Vec<u64>),
    /// Nothing: an invalid ballot.
    Blank,
}

/// What the holder of an unused slip votes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BallotPaper {
    /// What the council decides about.
    pub title: String,
    /// The sheet.
    pub sheet: ScoreSheet,
}

/// The urns of the ballots that are open, by council.
#[derive(Default)]
pub(crate) struct BallotBoxes(Mutex<BTreeMap<RecordId, BallotBox>>);

/// What is in an urn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Tally {
    /// Slips handed out.
    pub(crate) issued: u64,
    /// Ballots by choice; empty for score sheets.
    pub(crate) choices: BTreeMap<String, u64>,
    /// Score sheets in no order.
    pub(crate) sheets: Vec<Vec<u64>>,
    /// Ballots without a mark.
    pub(crate) blank: u64,
}

impl Tally {
    /// Ballots in the urn.
    pub(crate) fn returned(&self) -> u64 {
        self.choices.values().sum::<u64>() + self.sheets.len() as u64 + self.blank
    }
}

struct BallotBox {
    paper: BallotPaper,
    /// Hash of each slip, and whether it has been used.
    slips: BTreeMap<String, bool>,
    tally: Tally,
    /// Being counted: no more ballots are taken.
    sealed: bool,
}

impl Office {
    /// What the holder of this slip votes on. Asks nobody who he is.
    ///
    /// # Errors
    /// `no_ballot`, `slip_unknown`, `slip_used`, `ballot_sealed`.
    pub fn ballot_paper(&self, slip: &str) -> Result<BallotPaper, OfficeError> {
        self.ballots.with_slip(slip, |urn, _| Ok(urn.paper.clone()))
    }

    /// Puts a ballot into the urn and uses the slip up. Asks nobody who he is, writes nothing to disk and notes nothing in any log.
    ///
    /// # Errors
    /// As [`Office::ballot_paper`], and `mark_missing`, `mark_unknown`, `points_out_of_range`; the slip is then as good as before.
    pub fn cast_ballot(&self, slip: &str, mark: BallotMark) -> Result<(), OfficeError> {
        self.ballots.with_slip(slip, |urn, key| {
            urn.take(mark)?;
            urn.slips.insert(key, true);
            Ok(())
        })
    }
}

impl BallotBoxes {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<RecordId, BallotBox>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens an urn and returns its slips, in no order. None when one is open already.
    pub(crate) fn open(&self, council: RecordId, paper: BallotPaper, number: u64) -> Option<Vec<String>> {
        let mut urns = self.lock();
        if urns.contains_key(&council) {
            return None;
        }
        let slips: Vec<String> = (0..number).map(|_| new_slip()).collect();
        let tally = Tally { issued: number, ..Tally::default() };
        let hashes = slips.iter().map(|slip| (digest(&plain(slip)), false)).collect();
        urns.insert(council, BallotBox { paper, slips: hashes, tally, sealed: false });
        Some(slips)
    }

    /// Slips handed out and ballots in the urn; none when no urn is open.
    pub(crate) fn state(&self, council: RecordId) -> Option<(u64, u64)> {
        self.lock().get(&council).map(|urn| (urn.tally.issued, urn.tally.returned()))
    }

    /// Takes no more ballots and returns what is in the urn, which stays until [`BallotBoxes::destroy`].
    pub(crate) fn seal(&self, council: RecordId) -> Option<Tally> {
        let mut urns = self.lock();
        let urn = urns.get_mut(&council).filter(|urn| !urn.sealed)?;
        urn.sealed = true;
        Some(urn.tally.clone())
    }

    /// Takes ballots again: the count could not be kept.
    pub(crate) fn unseal(&self, council: RecordId) {
        if let Some(urn) = self.lock().get_mut(&council) {
            urn.sealed = false;
        }
    }

    /// Destroys ballots and slips. False when there was no urn.
    pub(crate) fn destroy(&self, council: RecordId) -> bool {
        self.lock().remove(&council).is_some()
    }

    fn with_slip<T>(&self, slip: &str, work: impl FnOnce(&mut BallotBox, String) -> Result<T, OfficeError>) -> Result<T, OfficeError> {
        let key = digest(&plain(slip));
        let mut urns = self.lock();
        if urns.is_empty() {
            return Err(OfficeError::refused(
                "no_ballot",
                "Hiện không có cuộc bỏ phiếu nào đang mở: cuộc bỏ phiếu đã đóng hoặc chưa mở. Hãy hỏi thư ký hội đồng.",
                "No ballot is open: it has been closed or not been opened. Ask the secretary of the council.",
            ));
        }
        let Some((urn, used)) = urns.values_mut().find_map(|urn| urn.slips.get(&key).copied().map(|used| (urn, used))) else {
            return Err(OfficeError::refused(
                "slip_unknown",
                "Mã phiếu này không thuộc cuộc bỏ phiếu nào đang mở. Hãy xem lại từng ký tự trên phiếu; nếu vẫn không được, hãy báo thư ký hội đồng.",
                "This slip belongs to no open ballot. Check every sign of it; if that does not help, tell the secretary of the council.",
            ));
        };
        if used {
            return Err(OfficeError::refused(
                "slip_used",
                "Mã phiếu này đã được dùng để bỏ phiếu; lần này không tính và không thay đổi gì. Nếu không phải do anh/chị bỏ, hãy báo ngay chủ tịch hội đồng để hủy cuộc bỏ phiếu.",
                "This slip has been used; this time does not count and changes nothing. If it was not you, tell the chair at once, so that the ballot is cancelled.",
            ));
        }
        if urn.sealed {
            return Err(OfficeError::refused(
                "ballot_sealed",
                "Cuộc bỏ phiếu đang được kiểm nên không nhận thêm phiếu.",
                "The ballot is being counted; no more ballots are taken.",
            ));
        }
        work(urn, key)
    }
}

impl BallotBox {
    fn take(&mut self, mark: BallotMark) -> Result<(), OfficeError> {
        match (&self.paper.sheet.ballot, mark) {
            (_, BallotMark::Blank) => self.tally.blank += 1,
            (BallotForm::Choice { choices, .. }, BallotMark::Choice(code)) => {
                if !choices.iter().any(|choice| choice.code == code) {
                    return Err(OfficeError::refused(
                        "mark_missing",
                        "Phiếu chưa được đánh dấu; chưa bỏ phiếu. Hãy chọn một mức, hoặc chọn “Phiếu trắng”.",
                        "The ballot is not marked; nothing was cast. Choose one, or choose “Blank”.",
                    ));
                }
                *self.tally.choices.entry(code).or_insert(0) += 1;
            }
            (BallotForm::Points { criteria, .. }, BallotMark::Points(points)) => {
                check_points(criteria, &points)?;
                let at = rand::rng().random_range(0..=self.tally.sheets.len());
                self.tally.sheets.insert(at, points);
            }
            _ => {
                return Err(OfficeError::refused(
                    "mark_unknown",
                    "Phiếu này không thuộc mẫu phiếu của cuộc bỏ phiếu; chưa bỏ phiếu. Hãy mở lại trang bỏ phiếu.",
                    "This is not the form of this ballot; nothing was cast. Open the page again.",
                ));
            }
        }
        Ok(())
    }
}

/// One mark for each criterion, none above its cap.
pub(crate) fn check_points(criteria: &[catalogue::ScoreCriterion], points: &[u64]) -> Result<(), OfficeError> {
    if points.len() != criteria.len() {
        return Err(OfficeError::refused(
            "points_missing",
            format!("Phiếu cần {} điểm, mới có {}; chưa ghi gì.", criteria.len(), points.len()),
            format!("The sheet needs {} marks and has {}; nothing was taken.", criteria.len(), points.len()),
        ));
    }
    for (criterion, given) in criteria.iter().zip(points) {
        let (cap, Label { vi, en }) = (criterion.cap, &criterion.word.label);
        if *given > cap {
            return Err(OfficeError::refused(
                "points_out_of_range",
                format!("{vi}: {given} điểm vượt quá mức tối đa {cap}; chưa ghi gì. Hãy cho từ 0 đến {cap} điểm."),
                format!("{en}: {given} points are more than {cap}; nothing was taken. Give 0 to {cap} points."),
            ));
        }
    }
    Ok(())
}

/// A slip as it is printed: `K7PM-2WQX-9RTA`.
fn new_slip() -> String {
    let mut bytes = [0_u8; SLIP_LENGTH];
    rand::rng().fill_bytes(&mut bytes);
    let mut text = String::with_capacity(SLIP_LENGTH + 2);
    for (at, byte) in bytes.iter().enumerate() {
        if at > 0 && at % 4 == 0 {
            text.push('-');
        }
        text.push(SIGNS.get(usize::from(byte & 31)).copied().map_or('A', char::from));
    }
    text
}

/// A slip as it is typed, without dashes, spaces and case.
fn plain(slip: &str) -> String {
    slip.chars().filter(char::is_ascii_alphanumeric).map(|sign| sign.to_ascii_uppercase()).take(64).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;
    use catalogue::Catalogue;

    fn urn(sheet: &str, number: u64) -> (BallotBoxes, RecordId, Vec<String>) {
        let (urns, council) = (BallotBoxes::default(), RecordId::new());
        let sheet = Catalogue::builtin().unwrap().score_sheet(sheet).unwrap().clone();
        let slips = urns.open(council, BallotPaper { title: "Nhiệm vụ".into(), sheet }, number).unwrap();
        (urns, council, slips)
    }

    fn cast(urns: &BallotBoxes, slip: &str, mark: BallotMark) -> Result<(), &'static str> {
        urns.with_slip(slip, |urn, key| {
            urn.take(mark)?;
            urn.slips.insert(key, true);
            Ok(())
        })
        .map_err(|error| error.code())
    }

    #[test]
    fn a_slip_is_good_once_however_it_is_typed() {
        let (urns, council, slips) = urn("acceptance-2014", 2);
        let typed = format!(" {} ", slips[0].to_lowercase().replace('-', " "));
        assert_eq!(cast(&urns, &typed, BallotMark::Choice("passed".into())), Ok(()));
        assert_eq!(cast(&urns, &slips[0], BallotMark::Choice("failed".into())), Err("slip_used"));
        assert_eq!(cast(&urns, "AAAA-AAAA-AAAA", BallotMark::Blank), Err("slip_unknown"));
        assert_eq!(cast(&urns, &slips[1], BallotMark::Choice("other".into())), Err("mark_missing"));
        assert_eq!(cast(&urns, &slips[1], BallotMark::Points(vec![1])), Err("mark_unknown"));
        assert_eq!(urns.state(council), Some((2, 1)));
        let tally = urns.seal(council).unwrap();
        assert_eq!(cast(&urns, &slips[1], BallotMark::Blank), Err("ballot_sealed"));
        assert_eq!(tally.choices, BTreeMap::from([("passed".to_owned(), 1)]));
        assert!(urns.destroy(council));
        assert_eq!(cast(&urns, &slips[1], BallotMark::Blank), Err("no_ballot"));
    }

    #[test]
    fn an_urn_holds_the_same_in_whatever_order_the_ballots_fell_into_it() {
        let fill = |order: &[usize]| {
            let (urns, council, slips) = urn("acceptance-2014", 3);
            for (slip, at) in slips.iter().zip(order) {
                cast(&urns, slip, BallotMark::Choice(["excellent", "passed", "failed"][*at].into())).unwrap();
            }
            urns.seal(council).unwrap()
        };
        assert_eq!(fill(&[0, 1, 2]), fill(&[2, 0, 1]));
    }

    #[test]
    fn the_place_of_a_score_sheet_in_the_urn_says_nothing_about_when_it_came() {
        let mut first_places = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let (urns, council, slips) = urn("selection-2023", 4);
            for (points, slip) in (1..).zip(&slips) {
                cast(&urns, slip, BallotMark::Points(vec![points])).unwrap();
            }
            first_places.insert(urns.seal(council).unwrap().sheets.iter().position(|sheet| sheet == &vec![1]).unwrap());
        }
        assert_eq!(first_places.len(), 4, "each place is taken once in a while");
    }

    #[test]
    fn points_above_the_cap_are_refused_and_the_slip_stays_good() {
        let (urns, _, slips) = urn("selection-2022", 1);
        assert_eq!(cast(&urns, &slips[0], BallotMark::Points(vec![16, 50, 35])), Err("points_out_of_range"));
        assert_eq!(cast(&urns, &slips[0], BallotMark::Points(vec![15, 50])), Err("points_missing"));
        assert_eq!(cast(&urns, &slips[0], BallotMark::Points(vec![15, 50, 35])), Ok(()));
    }
}
