//! Councils: who is present and may vote, conflicts of interest, and the ballot from its opening to the count.

use std::collections::BTreeMap;

use catalogue::{Attendance, Audience, Criterion, Decided, Label, ScoreSheet};
use jiff::civil::Date;
use ledger::{LeafHash, RecordId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::audit::{AuditEntry, write_audit};
use crate::ballot::BallotPaper;
use crate::error::{OfficeError, label};
use crate::identity::{Identity, Role};
use crate::office::Office;
use crate::permission::{Action, Decision, decide};
use crate::record::{Draft, reference};

/// The drawer that remembers that a ballot is open, so that one that was cut off by a stop of the program is known as such. It holds no slip and no ballot.
pub(crate) const OPEN_BALLOTS: &str = "ballot";

/// A ballot is not counted below this while slips are outstanding: who closes after the first ballot would learn it.
const LEAST_COUNTED: u64 = 3;

/// A council as it is stored.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Council {
    pub(crate) title: String,
    pub(crate) sheet: String,
    pub(crate) subject: Option<RecordId>,
    pub(crate) decision_number: Option<String>,
    pub(crate) decision_day: Option<Date>,
    #[serde(default)]
    pub(crate) members: Vec<StoredMember>,
    pub(crate) meeting_day: Option<Date>,
    pub(crate) meeting_place: Option<String>,
    pub(crate) conclusion: Option<String>,
    pub(crate) counted_how: Option<String>,
    pub(crate) count_note: Option<String>,
    #[serde(default)]
    pub(crate) illustrative: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct StoredMember {
    person: Option<RecordId>,
    name: Option<String>,
    body: Option<RecordId>,
    body_text: Option<String>,
    council_role: String,
    #[serde(default)]
    present: bool,
    #[serde(default)]
    conflict_declared: bool,
}

/// What the page of a council shows.
#[derive(Debug, Clone)]
pub struct CouncilPage {
    /// The council.
    pub id: RecordId,
    /// Its name.
    pub title: String,
    /// What it decides about: the record and its title.
    pub subject: Option<(RecordId, String)>,
    /// The kind of what is before it, when this person may see it.
    pub subject_kind: Option<String>,
    /// The sheet it votes by.
    pub sheet: ScoreSheet,
    /// Number and day of the decision that set it up.
    pub decision: (Option<String>, Option<Date>),
    /// Day and place of the meeting.
    pub meeting: (Option<Date>, Option<String>),
    /// Opinion and advice.
    pub conclusion: Option<String>,
    /// Members in the order of the decision.
    pub members: Vec<CouncilMember>,
    /// Rules on who belongs to it.
    pub composition: Vec<Criterion>,
    /// Rules on who has to be present.
    pub quorum: Vec<Criterion>,
    /// Members who are present and have no conflict of interest.
    pub voters: u64,
    /// Where the ballot stands.
    pub ballot: BallotState,
    /// What follows from the count.
    pub decided: Option<Decided>,
    /// Ballots issued, returned, invalid, and by choice in words.
    pub count: Vec<(Label, String)>,
    /// Whether the count itself tells how each voted: all valid ballots are alike, or there are very few.
    pub telling: bool,
    /// The note on the count.
    pub count_note: Option<String>,
    /// Whether this person may hold the ballot.
    pub hold: Decision,
    /// Whether this person may change the record.
    pub edit: Decision,
    /// Whether it is illustrative.
    pub illustrative: bool,
    pub(crate) owner: Option<RecordId>,
    pub(crate) leaf: LeafHash,
    pub(crate) data: Value,
}

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouncilMember {
    /// The name.
    pub name: String,
    /// The organisation; may be empty.
    pub body: String,
    /// The role's code.
    pub role: String,
    /// The role in words.
    pub role_label: Label,
    /// Whether present.
    pub present: bool,
    /// Every reason why this member may not vote; empty when there is none.
    pub conflicts: Vec<Label>,
}

/// Where the ballot stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BallotState {
    /// Not held yet; what stands in its way, nothing when it can begin.
    NotHeld(Vec<Label>),
    /// It was open when the program stopped: nothing of it is left, it has to be held again.
    CutOff(Vec<Label>),
    /// Open.
    Open {
        /// Slips handed out.
        issued: u64,
        /// Ballots in the urn.
        returned: u64,
    },
    /// Counted, and how: `slips` or `paper`.
    Counted(String),
}

impl CouncilPage {
    fn attendance(members: &[CouncilMember]) -> Attendance {
        let mut by_role: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        for member in members {
            let (all, present) = by_role.entry(member.role.clone()).or_default();
            *all += 1;
            *present += u64::from(member.present);
        }
        Attendance { by_role }
    }

    /// What stands in the way of a decision.
    pub(crate) fn obstacles(&self) -> Vec<Label> {
        let mut obstacles: Vec<Label> = self.quorum.iter().filter(|rule| rule.met == Some(false)).map(|rule| rule.why.clone()).collect();
        if self.meeting.0.is_none() {
            obstacles.push(label("Chưa ghi ngày họp.", "The day of the meeting is not recorded."));
        }
        if self.voters == 0 {
            obstacles.push(label("Không có thành viên nào có mặt và được bỏ phiếu.", "No member who may vote is present."));
        }
        obstacles
    }

    /// Refuses a ballot or count while something stands in its way, or when there is a count already.
    pub(crate) fn require_decidable(&self) -> Result<(), OfficeError> {
        let obstacles = self.obstacles();
        if !obstacles.is_empty() {
            let join =
                |vi: bool| obstacles.iter().map(|one| if vi { one.vi.as_str() } else { one.en.as_str() }).collect::<Vec<_>>().join(" ");
            return Err(OfficeError::refused(
                "not_decidable",
                format!("Hội đồng chưa bỏ phiếu được: {} Hãy sửa bản ghi hội đồng rồi làm lại.", join(true)),
                format!("The council cannot vote yet: {} Change the record of the council and try again.", join(false)),
            ));
        }
        Ok(())
    }
}

impl Office {
    /// The page of a council, for those inside the body that holds it.
    pub fn council_page(&self, who: &Identity, id: RecordId) -> Result<CouncilPage, OfficeError> {
        let view = self.view(who, id)?;
        let Some(data) = view.data.filter(|_| view.kind == "council" && view.audience == Audience::Private) else {
            return Err(OfficeError::NotFound(id.to_string()));
        };
        let council: Council = serde_json::from_value(data.clone())?;
        let sheet = self.catalogue().score_sheet(&council.sheet).cloned();
        let sheet = sheet.ok_or_else(|| OfficeError::Data(format!("there is no sheet {}", council.sheet)))?;
        // What this person may see of the task: a member's interest in it is told from that.
        let matter = council.subject.and_then(|subject| self.view(who, subject).ok());
        let subject_kind = matter.as_ref().map(|matter| matter.kind.clone());
        let matter = matter.as_ref().and_then(|matter| matter.data.as_ref());
        let mut ids: Vec<RecordId> = council.members.iter().filter_map(|member| member.person).chain(council.subject).collect();
        ids.extend(matter.into_iter().flat_map(|matter| people_of(matter).filter_map(|person| person.record)));
        let titles: BTreeMap<RecordId, String> = self.titles(who, &ids)?.into_iter().map(|row| (row.id, row.title)).collect();
        let members: Vec<CouncilMember> = council.members.iter().map(|member| self.council_member(member, matter, &titles)).collect();
        let attendance = CouncilPage::attendance(&members);
        let hold = decide(who, Action::HoldBallot, &self.subject(who, self.kind("council")?, &data, Role::Officer));
        let mut page = CouncilPage {
            id,
            title: council.title,
            subject: council.subject.map(|subject| (subject, titles.get(&subject).cloned().unwrap_or_default())),
            subject_kind,
            composition: sheet.composition(&attendance),
            quorum: sheet.quorum(&attendance, &|role| self.word("council-roles", role)),
            voters: members.iter().filter(|member| member.present && member.conflicts.is_empty()).count() as u64,
            members,
            decision: (council.decision_number, council.decision_day),
            meeting: (council.meeting_day, council.meeting_place),
            conclusion: council.conclusion,
            ballot: BallotState::NotHeld(Vec::new()),
            decided: crate::council_count::decided(&sheet, &data),
            count: self.count_in_words(&sheet, &data),
            telling: crate::council_count::is_telling(&data),
            count_note: council.count_note,
            sheet,
            hold,
            edit: view.edit,
            illustrative: council.illustrative,
            owner: view.owner,
            leaf: view.leaf,
            data,
        };
        page.ballot = match (council.counted_how, self.ballots.state(id)) {
            (_, Some((issued, returned))) => BallotState::Open { issued, returned },
            (Some(how), None) => BallotState::Counted(how),
            (None, None) if self.ledger().read(|r| r.cabinet_get(OPEN_BALLOTS, &id.to_string()))?.is_some() => {
                BallotState::CutOff(page.obstacles())
            }
            (None, None) => BallotState::NotHeld(page.obstacles()),
        };
        Ok(page)
    }

    /// Opens the ballot and returns one slip for each member who may vote, in no order. They are shown this once; their hashes are kept in memory only.
    ///
    /// # Errors
    /// `not_decidable` without a quorum, `ballot_open`, `counted_before`.
    pub fn open_ballot(&self, who: &Identity, id: RecordId) -> Result<Vec<String>, OfficeError> {
        let page = self.council_to_hold(who, id)?;
        if let BallotState::Counted(_) = page.ballot {
            return Err(counted_before());
        }
        page.require_decidable()?;
        let title = page.subject.map(|(_, title)| title).filter(|title| !title.is_empty()).unwrap_or(page.title);
        let issued = page.voters;
        let Some(slips) = self.ballots.open(id, BallotPaper { title, sheet: page.sheet }, issued) else { return Err(ballot_open()) };
        let entry = AuditEntry::of(self, who, "council.ballot_open").record(id).note(&format!("{issued}"));
        // Once the urn is there, the record of the council cannot be changed; before that, somebody may have been faster.
        let noted = self.view(who, id).and_then(|view| {
            if view.leaf != page.leaf {
                return Err(OfficeError::Changed { current: view.version });
            }
            self.ledger().write(move |w| -> Result<(), OfficeError> {
                w.cabinet_put(OPEN_BALLOTS, &id.to_string(), json!({ "issued": issued }))?;
                write_audit(w, entry)
            })
        });
        if let Err(error) = noted {
            self.ballots.destroy(id);
            return Err(error);
        }
        Ok(slips)
    }

    /// Closes the ballot: the sums go into the record of the council, ballots and slips are destroyed. While slips are outstanding a note says why.
    ///
    /// # Errors
    /// `no_ballot_here`, `ballots_outstanding`, `too_few_to_count`, `urn_empty`; the ballot then stays open.
    pub fn close_ballot(&self, who: &Identity, id: RecordId, note: &str) -> Result<(), OfficeError> {
        let page = self.council_to_hold(who, id)?;
        let Some(tally) = self.ballots.seal(id) else { return Err(no_ballot_here()) };
        let stored = (|| {
            let (issued, returned) = (tally.issued, tally.returned());
            if returned == 0 {
                return Err(OfficeError::refused(
                    "urn_empty",
                    "Chưa thu được phiếu nào nên không có gì để kiểm. Hãy chờ, hoặc hủy cuộc bỏ phiếu.",
                    "No ballot has been cast, so there is nothing to count. Wait, or cancel the ballot.",
                ));
            }
            if returned < issued && returned < LEAST_COUNTED {
                return Err(OfficeError::refused(
                    "too_few_to_count",
                    format!(
                        "Mới thu {returned}/{issued} phiếu; kiểm lúc này là lộ người đã bỏ phiếu. Hãy chờ có ít nhất {LEAST_COUNTED} phiếu, hoặc hủy cuộc bỏ phiếu."
                    ),
                    format!(
                        "Only {returned} of {issued} ballots have been cast; counting now would tell how they were. Wait for {LEAST_COUNTED}, or cancel the ballot."
                    ),
                ));
            }
            let note = viet::nfc(note.trim()).into_owned();
            if returned < issued && note.is_empty() {
                return Err(OfficeError::refused(
                    "ballots_outstanding",
                    format!("Mới thu {returned}/{issued} phiếu. Hãy chờ thu đủ, hoặc ghi rõ lý do đóng khi chưa thu đủ."),
                    format!("Only {returned} of {issued} ballots have been cast. Wait for the rest, or say why it is closed without them."),
                ));
            }
            let mut data = page.data;
            crate::council_count::write_tally(&page.sheet, &tally, &mut data);
            if !note.is_empty() {
                crate::council_count::put(&mut data, "count_note", json!(note));
            }
            self.store_count(who, id, page.leaf, data, "council.ballot_close", format!("{returned}/{issued}"))
        })();
        match stored {
            Ok(()) => {
                self.ballots.destroy(id);
                Ok(())
            }
            Err(error) => {
                self.ballots.unseal(id);
                Err(error)
            }
        }
    }

    /// Destroys the urn with everything in it; the ballot may be held again. Also clears away what a stop of the program cut off.
    pub fn cancel_ballot(&self, who: &Identity, id: RecordId) -> Result<(), OfficeError> {
        self.council_to_hold(who, id)?;
        let destroyed = self.ballots.destroy(id);
        let entry = AuditEntry::of(self, who, "council.ballot_cancel").record(id);
        self.ledger().write(move |w| -> Result<(), OfficeError> {
            let key = id.to_string();
            if !destroyed && w.cabinet_get(OPEN_BALLOTS, &key)?.is_none() {
                return Err(no_ballot_here());
            }
            w.cabinet_remove(OPEN_BALLOTS, &key)?;
            write_audit(w, entry)
        })
    }

    pub(crate) fn council_to_hold(&self, who: &Identity, id: RecordId) -> Result<CouncilPage, OfficeError> {
        let page = self.council_page(who, id)?;
        page.hold.clone().require()?;
        Ok(page)
    }

    /// One more version of the council with its count, in one transaction with the audit entry.
    pub(crate) fn store_count(
        &self,
        who: &Identity,
        id: RecordId,
        leaf: LeafHash,
        data: Value,
        deed: &str,
        note: String,
    ) -> Result<(), OfficeError> {
        let draft = Draft { id: Some(id), kind: "council".to_owned(), data, previous: Some(leaf) };
        let prepared = self.prepare(who, draft, Action::HoldBallot)?;
        let entry = AuditEntry::of(self, who, deed).record(id).note(&note);
        self.store_with(vec![prepared], vec![entry], move |w, _| Ok(w.cabinet_remove(OPEN_BALLOTS, &id.to_string())?))?;
        Ok(())
    }

    /// A code in words.
    pub(crate) fn word(&self, list: &str, code: &str) -> Label {
        let found = self.catalogue().list(list).and_then(|list| list.label(code)).cloned();
        found.unwrap_or_else(|| label(code, code))
    }

    fn council_member(&self, member: &StoredMember, matter: Option<&Value>, titles: &BTreeMap<RecordId, String>) -> CouncilMember {
        let today = self.clock().today();
        let known = member.person.and_then(|person| titles.get(&person)).cloned();
        let body = member.body.map(|body| self.directory().short_name(body, today));
        let name = known.or_else(|| member.name.clone()).unwrap_or_default();
        CouncilMember {
            conflicts: conflicts(member, &name, matter, titles),
            name,
            body: body.or_else(|| member.body_text.clone()).unwrap_or_default(),
            role_label: self.word("council-roles", &member.council_role),
            role: member.council_role.clone(),
            present: member.present,
        }
    }
}

/// Somebody who works on the matter.
struct Participant {
    record: Option<RecordId>,
    name: Option<String>,
    leads: bool,
}

/// The principal investigator and the members of a task.
fn people_of(matter: &Value) -> impl Iterator<Item = Participant> + '_ {
    let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).map(str::to_owned);
    let principal = Participant { record: reference(matter, "principal"), name: text(matter, "principal_text"), leads: true };
    let members = matter.get("members").and_then(Value::as_array).into_iter().flatten();
    let members = members.map(move |member| Participant { record: reference(member, "person"), name: text(member, "name"), leads: false });
    std::iter::once(principal).chain(members)
}

/// Every reason why a member may not vote on the matter. Two records of persons are compared by their ids; where one side has only a name, by the name, and
/// then the officer tells namesakes apart by linking both to their records.
fn conflicts(member: &StoredMember, name: &str, matter: Option<&Value>, titles: &BTreeMap<RecordId, String>) -> Vec<Label> {
    let mut found = Vec::new();
    if member.conflict_declared {
        found.push(label("Tự khai có xung đột lợi ích.", "Declared a conflict of interest."));
    }
    let Some(matter) = matter else { return found };
    let same_words = |one: &str, other: &str| !one.trim().is_empty() && viet::fold(one.trim()) == viet::fold(other.trim());
    for other in people_of(matter) {
        let same = match (member.person, other.record) {
            (Some(one), Some(other)) => one == other,
            (_, Some(other)) => titles.get(&other).is_some_and(|title| same_words(name, title)),
            (_, None) => other.name.as_deref().is_some_and(|other| same_words(name, other)),
        };
        if same && other.leads {
            found.push(label("Là chủ nhiệm nhiệm vụ.", "Is the principal investigator of the task."));
        } else if same {
            found.push(label("Là thành viên thực hiện nhiệm vụ.", "Is a member of the task."));
        }
    }
    for (record, text) in [("lead_org", "lead_org_text"), ("proposer", "proposer_text")] {
        let same = match (member.body, reference(matter, record)) {
            (Some(one), Some(other)) => one == other,
            _ => {
                let other = matter.get(text).and_then(Value::as_str).unwrap_or_default();
                member.body_text.as_deref().is_some_and(|one| same_words(one, other))
            }
        };
        if same && record == "lead_org" {
            found.push(label("Thuộc tổ chức chủ trì nhiệm vụ.", "Belongs to the lead organisation of the task."));
        } else if same {
            found.push(label("Thuộc tổ chức đề xuất nhiệm vụ.", "Belongs to the organisation that proposed the task."));
        }
    }
    found
}

pub(crate) fn counted_before() -> OfficeError {
    OfficeError::refused(
        "counted_before",
        "Hội đồng này đã có kết quả kiểm phiếu; không bỏ phiếu lại được.",
        "This council has its count already; the ballot cannot be held again.",
    )
}

pub(crate) fn ballot_open() -> OfficeError {
    OfficeError::refused(
        "ballot_open",
        "Cuộc bỏ phiếu của hội đồng này đang mở; các mã phiếu chỉ hiện một lần. Nếu phiếu bị mất, hãy hủy cuộc bỏ phiếu rồi mở lại.",
        "The ballot of this council is open; its slips are shown once. If slips are lost, cancel the ballot and open it again.",
    )
}

fn no_ballot_here() -> OfficeError {
    OfficeError::refused("no_ballot_here", "Hội đồng này không có cuộc bỏ phiếu nào đang mở.", "This council has no open ballot.")
}
