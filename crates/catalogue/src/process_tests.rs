//! A task walks the process of 2014 from proposal to its fifth report; branches, loops, lateness, missing papers; refusals of broken files.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use proptest::prelude::*;

use crate::{BlockKind, Catalogue, DueState, Happened, Matter, MatterError, NextStep, Process, Standing, Warning};

fn catalogue() -> Catalogue {
    Catalogue::builtin().unwrap()
}

fn matter(events: &[(&str, Date)]) -> Matter {
    let events = events.iter().map(|(step, day)| Happened { step: (*step).to_owned(), day: *day }).collect();
    let facts = [("level", "CT"), ("task_type", "de_tai"), ("way", "selection"), ("has_ip", "no"), ("has_technology", "no")];
    let facts = facts.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Matter { events, papers: BTreeMap::new(), facts }
}

fn with_papers(mut matter: Matter, papers: &[(&str, &str)]) -> Matter {
    for (step, paper) in papers {
        matter.papers.entry((*step).to_owned()).or_default().insert((*paper).to_owned());
    }
    matter
}

fn codes<'a>(standing: &'a Standing) -> (Vec<&'a str>, Vec<&'a str>) {
    let current = standing.current.iter().map(|step| step.code.as_str()).collect();
    let next = standing.next.iter().map(|next| next.step.code.as_str()).collect();
    (current, next)
}

fn next<'a, 'p>(standing: &'a Standing<'p>, code: &str) -> &'a NextStep<'p> {
    standing.next.iter().find(|next| next.step.code == code).unwrap()
}

const WALK: &str = include_str!("../../../tests/it/task-walk.tsv");

fn lines(sort: &str) -> impl Iterator<Item = Vec<&'static str>> {
    WALK.lines().map(|line| line.split('\t').collect::<Vec<_>>()).filter(move |cells| cells[0] == sort)
}

/// The whole walk: step and day.
fn whole_walk() -> Vec<(&'static str, Date)> {
    lines("happened").map(|cells| (cells[1], cells[2].parse().unwrap())).collect()
}

/// Step, counted from, last day: every term of the walk, counted by hand.
fn last_days_by_hand() -> Vec<(&'static str, Date, Date)> {
    lines("due").map(|cells| (cells[1], cells[2].parse().unwrap(), cells[3].parse().unwrap())).collect()
}

#[test]
fn a_task_walks_from_proposal_to_its_fifth_report_with_every_last_day_as_counted_by_hand() {
    let catalogue = catalogue();
    let process = catalogue.process_begun_on("vn-task", date(2018, 3, 5)).unwrap();
    assert_eq!(process.name, "vn-task-2014");
    let walk = whole_walk();
    let standing = process.stand(&matter(&walk), catalogue.calendar(), date(2026, 11, 23), Warning::default()).unwrap();

    let mut counted: Vec<(&str, Date, Date)> = standing.due.iter().map(|due| (due.step.code.as_str(), due.from, due.last_day)).collect();
    let mut by_hand = last_days_by_hand();
    counted.sort();
    by_hand.sort();
    for (counted, by_hand) in counted.iter().zip(&by_hand) {
        assert_eq!(counted, by_hand);
    }
    assert_eq!(counted.len(), by_hand.len());
    assert!(standing.due.iter().all(|due| due.covered && due.certain));

    let late: Vec<(&str, u32, i64)> = standing
        .due
        .iter()
        .filter(|due| due.state != DueState::Done)
        .map(|due| {
            assert_eq!(due.state, DueState::DoneLate, "{}", due.text().en);
            (due.step.code.as_str(), due.occurrence, due.days_left)
        })
        .collect();
    assert_eq!(late, [("progress_report", 3, -5), ("application_report", 3, -6)]);
    assert_eq!(standing.open().count(), 0);
    assert!(standing.ended());
    assert_eq!(codes(&standing).0, ["liquidated"]);
    assert_eq!(standing.current[0].public_label.vi, "Đã kết thúc");
}

#[test]
fn every_step_of_the_walk_was_offered_before_it_was_taken() {
    let catalogue = catalogue();
    let process = catalogue.process("vn-task-2014").unwrap();
    let walk = whole_walk();
    for (at, (step, day)) in walk.iter().enumerate() {
        let standing = process.stand(&matter(&walk[..at]), catalogue.calendar(), *day, Warning::default()).unwrap();
        let (current, next) = codes(&standing);
        assert!(next.contains(step), "{step} after {current:?}: {next:?}");
        assert!(current.len() <= 1, "{current:?}");
    }
}

#[test]
fn the_24_numbers_of_the_law_all_have_their_steps() {
    let catalogue = catalogue();
    let process = catalogue.process("vn-task-2014").unwrap();
    let numbers: BTreeSet<u32> = process.steps.iter().map(|step| step.number).collect();
    assert_eq!(numbers, (1..=24).collect());
    for (step, deadline) in process.deadlines() {
        assert!(step.source.contains("Điều") || step.source.contains("Thông tư"), "{}", step.code);
        assert!(deadline.source.contains('/'), "{}", deadline.source);
    }
}

#[test]
fn what_happens_after_today_does_not_count_yet() {
    let catalogue = catalogue();
    let process = catalogue.process("vn-task-2014").unwrap();
    let walk = whole_walk();
    let on = |day| process.stand(&matter(&walk), catalogue.calendar(), day, Warning::default()).unwrap();

    let running = on(date(2019, 1, 10));
    assert_eq!(codes(&running).0, ["contract"]);
    assert_eq!(running.current[0].public_label.vi, "Đang thực hiện");
    let information = running.open().find(|due| due.step.code == "information").unwrap();
    assert_eq!((information.state, information.days_left, information.working_days_left), (DueState::Running, 18, 12));
    let text = information.text();
    assert_eq!(
        text.vi,
        "Cung cấp thông tin nhiệm vụ đang tiến hành: chậm nhất 28/01/2019 (30 ngày làm việc kể từ “Ký hợp đồng” ngày 14/12/2018), còn 18 ngày. \
         Thông tư 14/2014/TT-BKHCN, Điều 6."
    );
    assert!(
        text.en.starts_with("Information on the running task supplied: by 28/01/2019 (30 working days from “Contract signed”"),
        "{}",
        text.en
    );

    // 20 % of the 45 calendar days are 9: nine days before the end it is near.
    let near = on(date(2019, 1, 19));
    assert_eq!(near.open().find(|due| due.step.code == "information").unwrap().state, DueState::Near);
    // Reports without end show the coming one only.
    assert_eq!(running.due.iter().filter(|due| due.step.code == "progress_report").count(), 1);
    // The five reports are five dated deadlines from the day of acceptance.
    let accepted = on(date(2021, 3, 26));
    assert_eq!(accepted.open().filter(|due| due.step.code == "application_report").count(), 5);
}

#[test]
fn a_step_not_taken_is_overdue_and_says_by_how_much() {
    let catalogue = catalogue();
    let process = catalogue.process("vn-task-2014").unwrap();
    let walk: Vec<_> = whole_walk().into_iter().filter(|(_, day)| *day <= date(2020, 12, 14)).collect();
    let standing = process.stand(&matter(&walk), catalogue.calendar(), date(2021, 2, 1), Warning::default()).unwrap();
    let dossier = standing.open().find(|due| due.step.code == "dossier").unwrap();
    assert_eq!((dossier.state, dossier.days_left, dossier.last_day), (DueState::Late, -19, date(2021, 1, 13)));
    assert!(dossier.text().vi.contains("quá hạn 19 ngày"));
    // A right that was not used lapses; it is not a broken duty.
    let accepted = matter(&[("accepted", date(2021, 3, 26))]);
    let later = process.stand(&accepted, catalogue.calendar(), date(2022, 1, 1), Warning::default()).unwrap();
    assert_eq!(later.due.iter().find(|due| due.step.code == "rights_requested").unwrap().state, DueState::Lapsed);
}

#[test]
fn termination_leaves_the_main_line_and_ends_the_recurring_duties() {
    let catalogue = catalogue();
    let process = catalogue.process("vn-task-2014").unwrap();
    let mut events =
        vec![("contract", date(2024, 1, 15)), ("progress_report", date(2024, 7, 15)), ("termination_requested", date(2024, 8, 27))];
    let requested = process.stand(&matter(&events), catalogue.calendar(), date(2024, 8, 28), Warning::default()).unwrap();
    // 7 working days from 27/8/2024 over National Day, 2-3/9: 28, 29, 30/8, 4, 5, 6, 9/9.
    let suspended = requested.open().find(|due| due.step.code == "suspended").unwrap();
    assert_eq!(suspended.last_day, date(2024, 9, 9));
    assert!(codes(&requested).1.contains(&"contract_ended"), "a refused request goes on to the end of the contract");

    events.extend([("suspended", date(2024, 9, 9)), ("terminated", date(2024, 11, 4))]);
    let over = process.stand(&matter(&events), catalogue.calendar(), date(2025, 6, 1), Warning::default()).unwrap();
    assert_eq!(codes(&over).0, ["terminated"]);
    assert!(codes(&over).1.contains(&"liquidated_with_repayment"));
    assert!(!codes(&over).1.contains(&"progress_report"));
    let reports: Vec<Date> = over.due.iter().filter(|due| due.step.code == "progress_report").map(|due| due.last_day).collect();
    assert_eq!(reports, [date(2024, 7, 15)], "none falls due after the end");
    assert!(!over.open().any(|due| due.step.code == "inspection"));

    events.push(("liquidated_with_repayment", date(2025, 1, 6)));
    assert!(process.stand(&matter(&events), catalogue.calendar(), date(2025, 6, 1), Warning::default()).unwrap().ended());
}

#[test]
fn missing_papers_steps_and_facts_block_and_name_the_article() {
    let catalogue = catalogue();
    let process = catalogue.process("vn-task-2014").unwrap();
    let stand = |matter: &Matter| process.stand(matter, catalogue.calendar(), date(2024, 1, 1), Warning::default()).unwrap();

    let council = matter(&[("duplicate_check", date(2023, 10, 2))]);
    let standing = stand(&council);
    let missing: Vec<&str> = next(&standing, "identifying_council").blocks.iter().map(|block| block.code.as_str()).collect();
    assert_eq!(missing, ["C0-KQTrC", "C1-PĐG/C2-PĐG", "C3-BBKP", "D1-BBHĐ"]);
    let block = &next(&standing, "identifying_council").blocks[0];
    assert_eq!(block.kind, BlockKind::Paper);
    assert_eq!(block.text.vi, "Thiếu C0-KQTrC: Kết quả tra cứu thông tin. Bổ sung trước khi “Hội đồng tư vấn xác định nhiệm vụ họp”.");
    assert!(block.source.contains("06/2023/TT-BKHCN, Điều 10"));
    let complete = with_papers(
        council,
        &[
            ("duplicate_check", "C0-KQTrC"),
            ("identifying_council", "C1-PĐG/C2-PĐG"),
            ("identifying_council", "C3-BBKP"),
            ("identifying_council", "D1-BBHĐ"),
        ],
    );
    assert!(next(&stand(&complete), "identifying_council").blocks.is_empty());

    let posted_late = matter(&[("acceptance_council_formed", date(2023, 10, 2))]);
    let standing = stand(&posted_late);
    let block = &next(&standing, "acceptance_council").blocks[0];
    assert_eq!((block.kind, block.code.as_str()), (BlockKind::Step, "acceptance_posted"));

    let mut unknown = matter(&[("order_approved", date(2023, 10, 2)), ("order_published", date(2023, 10, 3))]);
    unknown.facts.remove("way");
    let standing = stand(&unknown);
    assert_eq!(next(&standing, "call_announced").blocks[0].kind, BlockKind::Fact);
    assert!(next(&standing, "assignment_announced").blocks[0].text.en.contains("way of choosing"));
    unknown.facts.insert("way".to_owned(), "direct".to_owned());
    let standing = stand(&unknown);
    assert!(!codes(&standing).1.contains(&"call_announced"));
    assert!(next(&standing, "assignment_announced").blocks.is_empty());
}

#[test]
fn who_acts_and_which_terms_run_follow_from_the_facts() {
    let catalogue = catalogue();
    let process = catalogue.process("vn-task-2014").unwrap();
    let mut accepted = matter(&[("accepted", date(2024, 3, 1)), ("dossier_finished", date(2024, 3, 20)), ("ip_filed", date(2024, 4, 16))]);
    let registrations = |matter: &Matter| -> Vec<(Date, bool)> {
        let standing = process.stand(matter, catalogue.calendar(), date(2024, 4, 20), Warning::default()).unwrap();
        standing.due.iter().filter(|due| due.step.code == "registration").map(|due| (due.last_day, due.certain)).collect()
    };
    // 30 working days from 1/3/2024 over Giỗ Tổ, 18/4.
    assert_eq!(registrations(&accepted), [(date(2024, 4, 12), true)]);
    // With an application for protection: 5 working days after filing (18/4 is off), at most 60 days after acceptance (30/4 and 1/5 move it to 2/5).
    accepted.facts.insert("has_ip".to_owned(), "yes".to_owned());
    assert_eq!(registrations(&accepted), [(date(2024, 4, 24), true), (date(2024, 5, 2), true)]);
    accepted.facts.remove("has_ip");
    assert!(registrations(&accepted).iter().all(|(_, certain)| !certain));

    let chairman = process.actor_label("approver", &accepted.facts);
    assert_eq!(chairman.vi, "Chủ tịch Ủy ban nhân dân cấp tỉnh");
    accepted.facts.insert("level".to_owned(), "QG".to_owned());
    assert_eq!(process.actor_label("approver", &accepted.facts).en, "Minister of Science and Technology");
}

#[test]
fn a_second_call_is_due_only_when_the_first_failed() {
    let catalogue = catalogue();
    let process = catalogue.process("vn-task-2014").unwrap();
    let mut events = vec![("call_announced", date(2024, 1, 31))];
    let due = |events: &[(&str, Date)]| -> Option<Date> {
        let standing = process.stand(&matter(events), catalogue.calendar(), date(2024, 4, 1), Warning::default()).unwrap();
        standing.due.iter().find(|due| due.step.code == "call_repeated").map(|due| due.last_day)
    };
    assert_eq!(due(&events), None);
    events.push(("call_failed", date(2024, 3, 4)));
    assert_eq!(due(&events), Some(date(2024, 7, 31)));
}

#[test]
fn unknown_steps_papers_and_facts_are_refused_in_both_languages() {
    let catalogue = catalogue();
    let process = catalogue.process("vn-task-2014").unwrap();
    let refuse = |matter: &Matter| process.stand(matter, catalogue.calendar(), date(2024, 1, 1), Warning::default()).unwrap_err();
    let step = refuse(&matter(&[("nghiem_thu", date(2023, 1, 1))]));
    assert_eq!(step, MatterError::UnknownStep { process: "vn-task-2014".to_owned(), step: "nghiem_thu".to_owned() });
    assert!(step.message_vi().contains("nghiem_thu") && step.to_string().contains("nghiem_thu"));
    assert!(matches!(refuse(&with_papers(matter(&[]), &[("contract", "Mẫu 99")])), MatterError::UnknownPaper { .. }));
    let mut wrong = matter(&[]);
    wrong.facts.insert("level".to_owned(), "XX".to_owned());
    assert!(matches!(refuse(&wrong), MatterError::UnknownFact { .. }));
}

#[test]
fn a_matter_keeps_the_definition_valid_on_the_day_it_began() {
    let catalogue = catalogue();
    let begun = |day| catalogue.process_begun_on("vn-task", day).map(|process| process.name.as_str());
    assert_eq!(begun(date(2014, 3, 14)), None);
    assert_eq!(begun(date(2014, 3, 15)), Some("vn-task-2014"));
    assert_eq!(begun(date(2025, 9, 30)), Some("vn-task-2014"));
    assert_eq!(begun(date(2025, 10, 1)), Some("vn-task-2025"));
    let new = catalogue.process("vn-task-2025").unwrap();
    assert!(new.incomplete && new.note.as_ref().unwrap().vi.starts_with("Chưa đầy đủ"));
    assert_eq!(catalogue.processes().len(), 2);
}

#[test]
fn a_year_outside_the_calendar_is_said() {
    let catalogue = catalogue();
    let process = catalogue.process("vn-task-2014").unwrap();
    let old =
        process.stand(&matter(&[("contract", date(2016, 12, 14))]), catalogue.calendar(), date(2016, 12, 20), Warning::default()).unwrap();
    let information = old.due.iter().find(|due| due.step.code == "information").unwrap();
    assert!(!information.covered && information.text().en.contains("does not hold this year"));
}

#[test]
fn a_broken_process_is_refused_with_line_and_reason() {
    let path = "processes/vn-task-2014.toml";
    let text = include_str!("../../../catalogue/processes/vn-task-2014.toml");
    let cases = [
        ("after = [\"proposal\"]", "after = [\"de_xuat\"]", "unknown step de_xuat"),
        ("after = [\"proposal\"]", "after = [\"order_proposed\"]", "step order_proposed cannot be reached"),
        ("counted_from = \"order_approved\"", "counted_from = \"khong_co\"", "unknown step khong_co"),
        ("counted_from = \"order_approved\"", "counted_from = \"liquidated\"", "liquidated cannot have happened before order_published"),
        (
            "counted_from = \"identifying_council\"",
            "counted_from = \"certificate\"",
            "certificate cannot have happened before recommendation",
        ),
        ("vi = \"Tra cứu trùng lặp\"", "vi = \"\"", "step duplicate_check lacks"),
        ("source = \"Thông tư 06/2023/TT-BKHCN, Điều 7\"", "source = \" \"", "step proposal lacks"),
        ("actor = \"proposer\"\nsource", "actor = \"ai_do\"\nsource", "unknown actor ai_do"),
        ("moves_to_working_day = false\n", "", "moves_to_working_day"),
        ("unit = \"working_day\"\n", "unit = \"working_day\"\n  moves_to_working_day = true\n", "no place here"),
        ("end = true\n\n[[step]]\ncode = \"recommendation\"", "\n[[step]]\ncode = \"recommendation\"", "step not_identified is never left"),
        ("fact = \"way\", is = [\"selection\"]", "fact = \"way\", is = [\"tuyen_chon\"]", "no value tuyen_chon"),
        ("from = \"duplicate_check\"", "from = \"proposal\"", "step proposal has no paper C0-KQTrC"),
        ("valid_from = \"2014-03-15\"", "valid_from = \"15/3/2014\"", "is no day"),
        ("within = 5\n", "within = 0\n", "expected 1 to 1000"),
        ("recurs = { times = 5 }", "recurs = {}", "how many times"),
        ("number = 1\n", "number = \"một\"\n", "invalid type"),
        ("code = \"order_proposed\"", "code = \"proposal\"", "stands twice"),
    ];
    for (from, to, reason) in cases {
        assert!(text.contains(from), "the file has no {from}");
        let problems = Process::read(path, &text.replacen(from, to, 1)).expect_err(to);
        let found = problems.iter().any(|problem| problem.file == path && problem.line > 0 && problem.reason.en.contains(reason));
        assert!(found, "{to}: {problems:?}");
    }
    let incomplete =
        include_str!("../../../catalogue/processes/vn-task-2025.toml").replace("note_vi", "# note_vi").replace("note_en", "# note_en");
    let problems = Process::read("processes/vn-task-2025.toml", &incomplete).unwrap_err();
    assert!(problems.iter().any(|problem| problem.reason.en.contains("incomplete and needs a note")));

    let mut overlapping = [catalogue().process("vn-task-2014").unwrap().clone(), catalogue().process("vn-task-2025").unwrap().clone()];
    assert!(Process::check_periods(&overlapping).is_empty());
    overlapping[0].valid_to = None;
    assert_eq!(Process::check_periods(&overlapping).len(), 1);
}

/// Events of any steps on any days, as an old file might hold them.
fn some_events(most: usize) -> impl Strategy<Value = Vec<(prop::sample::Index, i64)>> {
    prop::collection::vec((any::<prop::sample::Index>(), 0i64..4_000), 0..most)
}

fn happened(process: &Process, events: &[(prop::sample::Index, i64)]) -> Vec<Happened> {
    let day = |days: i64| date(2017, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
    events.iter().map(|(step, days)| Happened { step: step.get(&process.steps).code.clone(), day: day(*days) }).collect()
}

proptest! {
    #[test]
    fn more_events_never_make_a_satisfied_deadline_late(
        events in some_events(30),
        more in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0i64..4_000), 1..6),
        newer: bool,
    ) {
        thread_local! { static CATALOGUE: Catalogue = Catalogue::builtin().unwrap(); }
        CATALOGUE.with(|catalogue| {
            let process = catalogue.process(if newer { "vn-task-2025" } else { "vn-task-2014" }).unwrap();
            let today = date(2027, 6, 1);
            let mut matter = Matter { events: happened(process, &events), ..Matter::default() };
            let before = process.stand(&matter, catalogue.calendar(), today, Warning::default()).unwrap();
            for (at, step, days) in &more {
                let place = at.index(matter.events.len() + 1);
                matter.events.insert(place, happened(process, &[(*step, *days)]).remove(0));
            }
            let after = process.stand(&matter, catalogue.calendar(), today, Warning::default()).unwrap();
            for due in before.due.iter().filter(|due| due.state == DueState::Done) {
                let mut same = after
                    .due
                    .iter()
                    .filter(|other| std::ptr::eq(other.deadline, due.deadline) && other.from == due.from && other.occurrence == due.occurrence)
                    .peekable();
                // A deadline may cease to run, as reports do with the end of the contract; it never becomes late.
                prop_assert!(same.peek().is_none() || same.any(|other| other.state == DueState::Done), "{}", due.text().en);
            }
            Ok(())
        })?;
    }

    #[test]
    fn random_events_and_days_never_panic(events in some_events(60), days in -3_000i64..8_000, working_days: u32, percent: u32, newer: bool) {
        thread_local! { static CATALOGUE: Catalogue = Catalogue::builtin().unwrap(); }
        CATALOGUE.with(|catalogue| {
            let process = catalogue.process(if newer { "vn-task-2025" } else { "vn-task-2014" }).unwrap();
            let today = date(2017, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let mut matter = Matter { events: happened(process, &events), ..Matter::default() };
            matter.events.push(Happened { step: process.steps[0].code.clone(), day: Date::MAX });
            matter.events.push(Happened { step: process.steps[0].code.clone(), day: Date::MIN });
            let standing = process.stand(&matter, catalogue.calendar(), today, Warning { working_days, percent }).unwrap();
            for due in &standing.due {
                prop_assert_ne!(due.text().vi, due.text().en);
                prop_assert!(due.from <= today);
            }
            Ok(())
        })?;
    }
}
