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
        CommandKind::Register => ("登记", "Register"),
        CommandKind::Inspect => ("检查", "Inspect"),
        CommandKind::ReportIncident => ("报告事件", "Report an incident"),
        CommandKind::Drill => ("演练", "Record a drill"),
        CommandKind::SelfEvaluate => ("自评", "Evaluate oneself"),
        CommandKind::Archive => ("归档", "Archive"),
        CommandKind::HandOverMaterials => ("移交", "Hand over"),
        CommandKind::Notify => ("告知", "Notify"),
        CommandKind::Grant => ("授予", "Grant"),
        CommandKind::Reduce => ("缩减", "Reduce"),
        CommandKind::Extend => ("延期", "Extend"),
        CommandKind::Announce => ("发布", "Announce"),
        CommandKind::AmendAgreement => ("补充协议", "Supplement the agreement"),
        CommandKind::AcceptDelivery => ("验收", "Accept what was delivered"),
    }
}
