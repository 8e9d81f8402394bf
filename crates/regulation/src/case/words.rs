//! The kernel's own words for its commands.

use crate::pack::model::CommandKind;

/// A command's words in Chinese and English.
#[must_use]
pub const fn command_words(kind: CommandKind) -> (&'static str, &'static str) {
    match kind {
        CommandKind::Submit => ("提交", "Submit"),
        CommandKind::Accept => ("受理", "Accept"),
        CommandKind::ReturnForCorrection => ("退回补正", "Return for correction"),
        CommandKind::Supplement => ("补正", "Correct"),
        CommandKind::Withdraw => ("撤回", "Withdraw"),
        CommandKind::Approve => ("同意", "Approve"),
        CommandKind::ApprovePartly => ("部分同意", "Approve in part"),
        CommandKind::Refuse => ("不同意", "Refuse"),
        CommandKind::Dispute => ("提出争议", "Raise a dispute"),
        CommandKind::Vote => ("表决", "Vote"),
        CommandKind::Resolve => ("决议", "Resolve"),
        CommandKind::Determine => ("确定", "Determine"),
        CommandKind::Publish => ("公布", "Publish"),
        CommandKind::Object => ("提出异议", "Object"),
        CommandKind::Answer => ("答复", "Answer"),
        CommandKind::File => ("备案", "File"),
        CommandKind::Sign => ("签署", "Sign"),
        CommandKind::Train => ("培训", "Record training"),
        CommandKind::Examine => ("考核", "Record examination"),
        CommandKind::OrderRectification => ("责令整改", "Order rectification"),
        CommandKind::ReportRectification => ("反馈整改", "Report rectification"),
        CommandKind::AcceptRectification => ("验收整改", "Accept rectification"),
        CommandKind::Suspend => ("暂停", "Suspend"),
        CommandKind::Resume => ("恢复", "Resume"),
        CommandKind::Revoke => ("撤销", "Revoke"),
        CommandKind::Evaluate => ("评估", "Evaluate"),
        CommandKind::Repair => ("修复", "Repair"),
        CommandKind::Destroy => ("销毁", "Destroy"),
        CommandKind::Close => ("办结", "Close"),
        CommandKind::HandOver => ("移交办理", "Hand over"),
        CommandKind::Delegate => ("委托办理", "Delegate"),
        CommandKind::Consult => ("加签", "Ask for an opinion"),
        CommandKind::EndConsult => ("减签", "Drop the request for an opinion"),
        CommandKind::Opine => ("回复加签", "Give the opinion asked for"),
        CommandKind::Recuse => ("申明回避", "Declare a conflict of interest"),
        CommandKind::Draw => ("抽取专家", "Draw experts"),
    }
}
