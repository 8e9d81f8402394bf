//! One suite of tests, run on both engines.

mod backups;
mod basics;
#[path = "../../../../tests/support/postgres.rs"]
mod cluster;
mod crowds;
mod faults;
mod fixture;
mod keys;
mod market;
mod queue;
mod rows;
mod schemas;

/// Makes each test a module of two: the same body on SQLite and on PostgreSQL.
macro_rules! conformance {
    ($($module:ident::$name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$module::$name(super::fixture::Fixture::sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$module::$name(super::fixture::Fixture::postgres().await).await;
            })*
        }
    };
}

conformance! {
    basics::a_command_commits_its_changes_with_its_journal_row,
    basics::a_command_that_records_nothing_is_refused_and_leaves_nothing,
    basics::a_failed_command_leaves_nothing_and_gives_its_number_back,
    basics::a_dropped_transaction_leaves_nothing,
    basics::a_query_sees_one_snapshot_and_cannot_write,
    basics::a_replayed_command_gets_the_first_answer,
    basics::settings_and_the_ledger_position_are_kept,
    basics::sessions_are_found_by_token_until_they_expire,
    crowds::of_fifty_conflicting_appends_exactly_one_wins,
    crowds::the_journal_has_no_gaps_under_concurrency_and_rollbacks,
    crowds::concurrent_record_updates_lose_nothing,
    crowds::the_recorder_numbers_a_crowd_without_gaps,
    crowds::two_stores_on_one_database_share_one_journal,
    keys::a_destroyed_tenant_has_no_keys_left,
    keys::one_object_can_be_destroyed_alone,
    market::a_call_with_a_known_key_is_journalled_but_not_charged_again,
    market::a_spoilt_recording_fails_alone,
    market::a_month_adds_up,
    market::a_stopped_recorder_refuses,
    queue::a_job_is_pushed_once_leased_once_and_done_once,
    queue::a_failing_job_is_retried_then_dead_then_revived,
    queue::concurrent_workers_never_share_a_job,
    rows::events_are_appended_behind_the_expected_version,
    rows::the_journal_is_read_by_number_and_by_subject,
    rows::records_are_versioned,
    rows::unique_values_are_held_and_released,
    rows::unique_values_tell_whether_what_lies_beside_is_listed,
    rows::lists_are_paged_by_key_in_both_directions,
    rows::lists_follow_a_record_as_it_changes,
    rows::damaged_and_oversized_rows_are_named,
    backups::a_backup_restores_to_the_same_bytes_on_both_engines,
    backups::a_cut_or_altered_backup_restores_nothing,
    backups::a_store_with_data_is_not_overwritten,
    backups::a_backup_is_consistent_while_writers_go_on,
    schemas::migrating_twice_changes_nothing,
    schemas::an_unknown_schema_version_is_refused,
}
