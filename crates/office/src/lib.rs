//! The services of an office: who may do what, directives with computed status, answers and verdicts, imports, lists, exports.
//!
//! Callers start from [`Office::open`], get an [`Identity`] by signing somebody in (or [`Identity::public`]), and pass it to every call; permission is
//! decided once, before anything is read or written. All calls block. Nothing here knows HTTP or HTML.
//!
//! ```
//! use office::{Status, status_on};
//! use jiff::civil::date;
//!
//! // "Trước tháng 10/2019", signed on 26/11/2019: done late.
//! let status = status_on(date(2026, 11, 23), Some(date(2019, 9, 30)), Some(date(2019, 11, 26)));
//! assert_eq!(status, Status::DoneLate);
//! ```

mod account;
mod answer;
mod archive;
mod archive_desk;
mod article;
mod attached_file;
mod audit;
mod ballot;
mod board;
mod body;
mod boundaries;
mod budget;
mod cell_value;
mod clock;
mod code_table;
mod column_map;
mod conclusion;
mod condition;
mod connection_report;
mod contract;
mod council;
mod council_count;
mod council_minutes;
mod directive;
mod erasure;
mod error;
mod export;
mod follow;
mod foreign_file;
mod form_shelf;
mod form_version;
mod form_watch;
mod held_record;
mod identity;
mod incoming_form;
mod inheritance;
mod lookup;
mod matching;
mod node;
mod office;
mod overlap;
mod overlap_call;
mod own_catalogue;
mod paper;
mod payment;
mod payment_obstacle;
mod permission;
mod proposal;
mod province;
mod record;
mod record_table;
mod reference;
mod register;
mod reminder;
mod returned;
mod saved_search;
mod search;
mod search_filter;
mod session;
mod sheet;
mod sheet_desk;
mod sheet_encoding;
mod sheet_import;
mod sheet_names;
mod sheet_plan;
mod sheet_row;
mod sheet_upload;
mod status;
mod step;
mod task;
mod task_money;
mod unfinished;
mod upkeep;
mod view_file;
mod view_pool;

pub use account::{Account, AccountForm, check_password};
pub use answer::{AnswerForm, AnswerPage};
pub use archive::{ArchiveManifest, ArchivedLog, ArchivedMember, restore_archive};
pub use archive_desk::ArchiveState;
pub use article::{Question, Readership};
pub use attached_file::AttachedFile;
pub use audit::AuditEntry;
pub use ballot::{BallotMark, BallotPaper};
pub use board::{
    Answer, AssignmentRow, Board, BoardFilter, BoardPage, BoardRow, Clear, ConferenceRow, DeadlineChange, DeadlineRow, Desk, DeskRow,
    Directive, Evidence, InternalCounts, OverdueByBody, Verdict,
};
pub use body::{Body, BodyDirectory, BodyName, Member, Parent, Successor};
pub use boundaries::Boundaries;
pub use budget::{BudgetAmounts, BudgetBasis, BudgetRow, BudgetTable};
pub use clock::{Clock, day_of, minute_in_words, minute_of};
pub use code_table::{CodeFilter, CodePage};
pub use column_map::{ColumnMap, Columns, Destination, MappedColumn, Target, targets};
pub use conclusion::{ConclusionDrafts, Imported, ReadingForm, Review, ReviewDirective, gazetteer, read_document};
pub use condition::Condition;
pub use connection_report::{Comparison, ConnectionReport, ConnectionStage, DataSet, FormStanding};
pub use contract::{AcceptanceRow, Contract, ContractList, ContractNeed, ContractPage, ContractRow, Milestone, PaymentRow, Tranche};
pub use council::{BallotState, CouncilMember, CouncilPage};
pub use council_count::{PaperBallots, PaperCount};
pub use directive::{DeadlineForm, DirectivePage, Notice, last_day, shorten, within_a_sentence};
pub use error::OfficeError;
pub use exchange::receipt::{Acknowledgement, Doubt, Receipt, ReceiptError, ReceiptPart, TrustedKey, Verified};
pub use exchange::signature::{SignatureFields, Target as CallTarget};
pub use exchange::wire::{Coding, Wire, WireAnswer};
pub use export::FileForm;
pub use finder::{
    Hit as SearchHit, How as FoundHow, Order as SearchOrder, Overlap, Part as SearchPart, Related, Results as SearchResults,
    Span as OverlapSpan, Why,
};
pub use form_version::{FormComparison, FormState, FormTrial, FormVersion, TrialFault};
pub use held_record::Holding;
pub use identity::{Grant, Identity, Role};
pub use incoming_form::{FormOrigin, FormTrouble};
pub use inheritance::TakingOver;
pub use ledger::{Entry, FileRef, LeafHash, Op, RecordId, Version};
pub use lookup::record_named_in;
pub use matching::{FoundMatch, MatchAnswer, MatchReason, MatchSide, Matches};
pub use node::{
    Above, ArrivalPlace, BodyCompleteness, Invitation, KEY_FILE, Line, LineFault, LogStanding, Membership, ReceiptForm, SendPolicy,
    SendQueue, Sending, WaitingDeed, WaitingEntry,
};
pub use office::{Office, Settings};
pub use overlap::{FoundOverlap, OverlapFlag, OverlapForm, can_overlap, text_of_file};
pub use overlap_call::{OverlapCall, OverlapCallForm, OverlapCallRow};
pub use own_catalogue::OwnCatalogue;
pub use paper::{INFORMATION_SHEET, PaperOffer};
pub use payment::{PaymentAnswer, PaymentReason, PaymentStanding, ReasonWeight, RemedyPlace, open_questions};
pub use permission::{Action, Decision, Subject, decide};
pub use province::{ProvinceLine, ProvincePart, ProvinceProfile};
pub use record::{Draft, RecordView, Stored};
pub use reference::Reference;
pub use register::{Order, RegisterFilter, RegisterPage, RegisterRow, StateCount};
pub use returned::{Return, ReturnedPage, ReturnedRow};
pub use saved_search::SavedSearch;
pub use search::{Found, SearchForm, vocabulary_of};
pub use session::{Session, SessionToken};
pub use sheet::{Sheet, SheetCell, SheetRow, cell_address, column_letters, read_sheet, sha256};
pub use sheet_desk::{DeskState, SheetUpload};
pub use sheet_import::SheetImport;
pub use sheet_plan::{CellError, PlannedRow, SheetForm, SheetPlan, comes_in_by_table};
pub use sheet_upload::{LARGEST_PIECE, OpenUpload, UploadForm};
pub use status::{Counts, Status, days_between, days_late, status_on};
pub use step::{NextStep, StepForm, Waiting, waiting_filter};
pub use task::{NextTaskStep, TaskProgress, TaskStop, TaskTerm};
pub use task_money::{Spent, SpentBasis, TaskMoney};
pub use unfinished::UnfinishedForm;
pub use upkeep::BackupNote;
