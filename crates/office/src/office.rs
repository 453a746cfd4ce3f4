//! The office itself: one folder with the ledger, its views and files, and the threads that keep the views up to date.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use catalogue::Catalogue;
use ledger::{DatabaseAddress, Follower, Ledger, NodeName, Projection, Put, RecordId};
use serde_json::{Value, json};

use crate::board::Board;
use crate::body::{Body, BodyDirectory};
use crate::clock::Clock;
use crate::erasure::{RecordFiles, Scrubber};
use crate::error::OfficeError;
use crate::follow::{Followers, load_body};
use crate::form_shelf::FormShelf;
use crate::form_version::KeptForms;
use crate::form_watch::FormWatch;
use crate::node::{Carriers, Exchange, Line};
use crate::own_catalogue::OwnCatalogue;
use crate::register::Register;
use crate::returned::FormJudge;
use crate::search::SearchIndex;

const NODE: &str = "node";

/// How to open an office.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The node's name, e.g. `sokhcn.daklak`; used when the folder is new, checked against it afterwards.
    pub node: String,
    /// The record id of the body that runs the node; used when the folder is new.
    pub body: RecordId,
    /// Where the time comes from.
    pub clock: Clock,
    /// The PostgreSQL database that holds the ledger; none for the SQLite file in the folder.
    pub database: Option<DatabaseAddress>,
}

/// A running office. Cheap to share behind an `Arc`; every call blocks, so asynchronous callers run it on a blocking thread.
pub struct Office {
    folder: PathBuf,
    ledger: Arc<Ledger>,
    forms: Arc<FormShelf>,
    form_problems: Vec<catalogue::Problem>,
    /// Held while a version of a form is adopted or withdrawn.
    forms_changing: Arc<Mutex<()>>,
    directory: BodyDirectory,
    board: Arc<Board>,
    register: Arc<Register>,
    search: Arc<SearchIndex>,
    files: Arc<RecordFiles>,
    followers: Followers,
    /// Of the program that keeps the views.
    _scrubber: Option<Scrubber>,
    /// The lock of the folder, held by the one program that keeps the views; none in a program beside it.
    keeper: Option<std::fs::File>,
    clock: Clock,
    body: RecordId,
    hashing: Mutex<()>,
    pub(crate) visits: crate::article::Visits,
    pub(crate) sheet_desk: crate::sheet_desk::SheetDesk,
    pub(crate) archive_desk: crate::archive_desk::ArchiveDesk,
    pub(crate) inheritance_desk: crate::inheritance::InheritanceDesk,
    pub(crate) overlap_calls: crate::overlap_call::OverlapCallDesk,
    pub(crate) ballots: crate::ballot::BallotBoxes,
    exchange: Arc<Exchange>,
    carriers: Mutex<Option<Carriers>>,
    /// Only where other servers may change forms.
    _form_watch: Option<FormWatch>,
}

impl std::fmt::Debug for Office {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Office").field("folder", &self.folder).field("body", &self.body).finish_non_exhaustive()
    }
}

impl Office {
    /// Opens the office in `folder`, which is made when it does not exist. Views that are missing, damaged or behind fill in the background;
    /// [`Office::settle`] waits for them.
    ///
    /// # Errors
    /// A folder of a newer version, of another node, without room or permission; a faulty file of the operator ([`OwnCatalogue`]).
    pub fn open(folder: &Path, settings: Settings) -> Result<Office, OfficeError> {
        Office::open_with(folder, settings, OwnCatalogue::read(folder)?.catalogue)
    }

    /// Like [`Office::open`], with a catalogue of one's own.
    pub fn open_with(folder: &Path, settings: Settings, catalogue: Catalogue) -> Result<Office, OfficeError> {
        std::fs::create_dir_all(folder.join("views"))?;
        let node = NodeName::parse(&settings.node).map_err(OfficeError::from)?;
        let lock = std::fs::File::create(folder.join("lienvung.lock"))?;
        let keeper = lock.try_lock().is_ok().then_some(lock);
        let keeps = keeper.is_some();
        let ledger = Arc::new(match &settings.database {
            Some(address) => Ledger::open_postgres(address, &folder.join("files"), &node)?,
            None => Ledger::open(&folder.join("lienvung.sqlite"), &node)?,
        });
        let body = node_body(&ledger, &settings)?;
        let kept = KeptForms::read(&ledger)?;
        let (forms, form_problems) = FormShelf::open(ledger.clone(), catalogue, &kept.in_use())?;
        let forms = Arc::new(forms);
        seed_bodies(&ledger, &forms)?;
        let directory = BodyDirectory::default();
        let loaded_to = load_bodies(&ledger, &forms, &directory)?;
        let board = Arc::new(Board::open(&folder.join("views").join("board.sqlite"), forms.clone(), ledger.clone(), keeps)?);
        let register = Arc::new(Register::open(&folder.join("views").join("register.sqlite"), forms.clone(), ledger.clone(), keeps)?);
        let search = Arc::new(SearchIndex::open(&folder.join("views").join("search"), forms.clone(), ledger.clone(), keeps)?);
        let exchange = Arc::new(Exchange::new(ledger.clone(), settings.clock.clone(), folder));
        let mut followers: Vec<Box<dyn Follower + Send + Sync>> =
            vec![Box::new(crate::follow::DirectoryFollower::new(directory.clone(), ledger.clone(), forms.clone(), loaded_to))];
        if keeps {
            followers.push(Box::new(register.clone()));
            followers.push(Box::new(board.clone()));
            followers.push(Box::new(search.clone()));
            let judge = FormJudge::open(exchange.clone(), ledger.clone(), forms.clone(), settings.clock.clone())?;
            followers.push(Box::new(judge));
        }
        let followers = Followers::start(ledger.clone(), followers);
        // The mark of a folder says nothing about a database that several programs share.
        if keeps && settings.database.is_none() {
            exchange.restoration.begin(exchange.has_neighbours()?)?;
        }
        let restoration = exchange.restoration.clone();
        let files = Arc::new(RecordFiles::new(
            ledger.clone(),
            board.clone(),
            register.clone(),
            search.clone(),
            restoration,
            settings.clock.clone(),
            folder,
        ));
        let scrubber = keeps.then(|| Scrubber::start(files.clone()));
        let visits = crate::article::Visits::default();
        let forms_changing: Arc<Mutex<()>> = Arc::default();
        let is_shared = settings.database.is_some();
        let watch = || FormWatch::start(ledger.clone(), forms.clone(), forms_changing.clone(), kept);
        let form_watch = if is_shared { Some(watch()?) } else { None };
        let office = Office {
            folder: folder.to_owned(),
            ledger,
            forms,
            form_problems,
            forms_changing,
            directory,
            board,
            register,
            search,
            files,
            followers,
            _scrubber: scrubber,
            keeper,
            clock: settings.clock,
            body,
            hashing: Mutex::new(()),
            visits,
            sheet_desk: crate::sheet_desk::SheetDesk::default(),
            archive_desk: crate::archive_desk::ArchiveDesk::default(),
            inheritance_desk: crate::inheritance::InheritanceDesk::default(),
            overlap_calls: crate::overlap_call::OverlapCallDesk::default(),
            ballots: crate::ballot::BallotBoxes::default(),
            exchange,
            carriers: Mutex::default(),
            _form_watch: form_watch,
        };
        office.announce_forms()?;
        Ok(office)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The ledger, for the command line's verify, backup and figures; records are written through the services only.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The catalogue in force.
    pub fn catalogue(&self) -> &Catalogue {
        self.forms.catalogue()
    }

    pub(crate) fn form_shelf(&self) -> &FormShelf {
        &self.forms
    }

    /// One change of forms at a time.
    pub(crate) fn forms_changing(&self) -> MutexGuard<'_, ()> {
        self.forms_changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adopted forms that this program cannot use any more, with what is wrong; records made with them are shown by the form in force.
    pub fn form_problems(&self) -> &[catalogue::Problem] {
        &self.form_problems
    }

    /// The bodies as they were on any date.
    pub fn directory(&self) -> &BodyDirectory {
        &self.directory
    }

    /// The board of directives.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The body that runs this node.
    pub fn body(&self) -> RecordId {
        self.body
    }

    pub(crate) fn register(&self) -> &Register {
        &self.register
    }

    pub(crate) fn search_index(&self) -> &SearchIndex {
        &self.search
    }

    /// One password hash at a time: each takes 19 MiB.
    pub(crate) fn hashing(&self) -> MutexGuard<'_, ()> {
        self.hashing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// Begins to bring the node's logs up and to follow those of the nodes above, over `line`. Nothing goes until the node has joined.
    pub fn start_exchange(&self, line: Arc<dyn Line>) {
        *self.carriers.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.exchange.start(line));
    }

    /// The way to the node above that was given to [`Office::start_exchange`]; none before.
    pub fn line(&self) -> Option<Arc<dyn Line>> {
        self.carriers.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(Carriers::line)
    }

    /// Something was written: the views follow, and the logs have something to bring up.
    pub(crate) fn wake_followers(&self) {
        self.followers.wake();
        self.exchange.wake();
    }

    /// Whether this program keeps the views of the folder. A command that runs beside a serving one does not: it reads what that one keeps.
    pub fn keeps_views(&self) -> bool {
        self.keeper.is_some()
    }

    /// The views on disk, without the directory in memory.
    fn views(&self) -> [&dyn Follower; 3] {
        [&self.register, &self.board, &self.search]
    }

    /// Waits until every view has reached what is in the ledger now, at most `longest`. Returns whether it has.
    pub fn settle(&self, longest: Duration) -> bool {
        let Ok(seq) = self.ledger.read(|r| r.last_seq()) else { return false };
        let until = Instant::now() + longest;
        if !self.followers.wait_for(seq, longest) {
            return false;
        }
        while !self.keeps_views() && !self.views().iter().all(|view| view.cursor().is_ok_and(|cursor| cursor >= seq)) {
            if Instant::now() >= until {
                return false;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.keeps_views() || self.search.refresh().is_ok()
    }

    /// Leaves nothing of contents erased up to what `noted` stands for in the ledger's file, the views and the search index.
    pub(crate) fn scrub(&self, noted: &str) -> Result<(), OfficeError> {
        self.require_keeper()?;
        self.files.scrub(noted)
    }

    /// Deletes a view's contents (all views when `name` is none) and fills it again from the ledger. `progress` gets (done, of) in changes.
    pub fn rebuild(&self, name: Option<&str>, progress: &mut dyn FnMut(&str, u64, u64)) -> Result<(), OfficeError> {
        self.require_keeper()?;
        self.followers.rebuild(name, progress)
    }

    /// Refuses what only the program that keeps the views can do.
    pub fn require_keeper(&self) -> Result<(), OfficeError> {
        if self.keeps_views() { Ok(()) } else { Err(OfficeError::kept_elsewhere()) }
    }

    /// Names and digests of the views, for `verify`: equal before and after a rebuild.
    pub fn view_digests(&self) -> Result<Vec<(String, u64, String)>, OfficeError> {
        let mut digests = self.followers.digests()?;
        if !self.keeps_views() {
            for view in self.views() {
                let wrap = |error: ledger::FollowError| OfficeError::Data(error.to_string());
                digests.push((view.name().to_owned(), view.cursor().map_err(wrap)?, view.digest().map_err(wrap)?));
            }
        }
        Ok(digests)
    }

    /// What is wrong with the views, in plain words; empty when all is well.
    pub fn view_problems(&self) -> Vec<String> {
        self.followers.problems()
    }

    /// A setting of the node kept in the cabinet, e.g. `base_url`.
    pub fn setting(&self, name: &str) -> Result<Option<Value>, OfficeError> {
        Ok(self.ledger.read(|r| r.cabinet_get(NODE, name))?)
    }

    /// Keeps a setting of the node.
    pub fn set_setting(&self, name: &str, value: Value) -> Result<(), OfficeError> {
        let name = name.to_owned();
        self.ledger.write(move |w| -> Result<(), OfficeError> { Ok(w.cabinet_put(NODE, &name, value)?) })
    }
}

fn node_body(ledger: &Ledger, settings: &Settings) -> Result<RecordId, OfficeError> {
    let kept = ledger.read(|r| r.cabinet_get(NODE, "body"))?;
    if let Some(id) = kept.as_ref().and_then(Value::as_str).and_then(|text| RecordId::parse(text).ok()) {
        return Ok(id);
    }
    let body = settings.body;
    ledger.write(move |w| -> Result<(), OfficeError> { Ok(w.cabinet_put(NODE, "body", json!(body.to_string()))?) })?;
    Ok(body)
}

/// Reference bodies become records under their fixed ids, once; afterwards they are edited like any record.
fn seed_bodies(ledger: &Ledger, forms: &FormShelf) -> Result<(), OfficeError> {
    let catalogue = forms.catalogue();
    let kind = catalogue.kind("body").ok_or_else(|| OfficeError::Data("the catalogue has no kind body".to_owned()))?;
    let cat = forms.place("body", kind.version)?;
    let mut missing = Vec::new();
    for body in catalogue.bodies() {
        let id = RecordId::parse(&body.id).map_err(|_| OfficeError::Data(format!("reference body {} has no valid id", body.id)))?;
        if ledger.read(|r| r.current("private", id))?.is_none() {
            let checked = catalogue.check("body", &body.data).map_err(OfficeError::Invalid)?;
            missing.push((id, checked));
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let mut puts = Vec::new();
    for (id, checked) in missing {
        let mut projections = Vec::new();
        if let Some(public) = catalogue.project(kind, checked.data(), catalogue::Audience::Public) {
            projections.push(Projection::seal("public", &public, &[])?);
        }
        projections.insert(0, Projection::seal("private", checked.data(), &[])?);
        puts.push(Put { rec: id, kind: "body".to_owned(), cat, previous: None, projections });
    }
    ledger.write(move |w| -> Result<(), OfficeError> {
        for put in puts {
            w.put(put)?;
        }
        Ok(())
    })
}

/// Fills the directory from the current records and says up to which change it then is.
fn load_bodies(ledger: &Ledger, forms: &FormShelf, directory: &BodyDirectory) -> Result<u64, OfficeError> {
    let (held, seq) = ledger.read(|r| -> Result<_, OfficeError> {
        let mut after = None;
        loop {
            let page = r.list("private", "body", after, 500)?;
            let Some(last) = page.last() else { break };
            after = Some(last.rec);
            for version in page {
                if let Some(data) = &version.data {
                    directory.set(Body::from_data(version.rec, data)?);
                }
            }
        }
        let (mut held, mut after) = (Vec::new(), None);
        loop {
            let page = r.held_of_kind("body", after, 500)?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            held.extend(page);
        }
        Ok((held, r.last_seq()?))
    })?;
    for record in held {
        load_body(ledger, forms, directory, record)?;
    }
    Ok(seq)
}
