//! What the platform does when an action is done.

use serde::{Deserialize, Serialize};

/// What the platform does when an action is done: the closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// 发布公告: a public notice with the case's form.
    PublishNotice,
    /// 公示结果: a public notice of the determined operator, open for objections.
    PublishResult,
    /// 建立授权: makes the authorisation and its tenant, closed.
    EstablishAuthorisation,
    /// 协议生效: the agreement is in force; the term starts.
    ActivateAgreement,
    /// 开通权限: access to the domain opens.
    OpenAccess,
    /// 关闭权限: access closes, in the same transaction.
    CloseAccess,
    /// 恢复权限: closed access opens again.
    RestoreAccess,
    /// 授予数据: the requested resources are granted to the tenant.
    GrantData,
    /// 核准模型: the model's digest may be ordered on raw data.
    ApproveModel,
    /// 核准出域: the frozen result is rebuilt and released.
    ReleaseExport,
    /// 产品备案: the product is filed.
    FileProduct,
    /// 核定价格: the price plan takes effect.
    ApprovePrice,
    /// 使用协议生效: the buyer's agreement is in force.
    ActivateUsage,
    /// 登记异议
    RecordObjection,
    /// 登记质量问题
    RecordQuality,
    /// 登记报告 (also written 登记年度报告): a report of any period is on record.
    RecordReport,
    /// 登记信用信息
    RecordCredit,
    /// 封存: keys are taken away from the zones.
    SealTenant,
    /// 销毁: keys are destroyed, a residue scan runs, a certificate is made.
    DestroyTenant,
    /// 收回数据: granted resources are taken back, the rest of the authorisation goes on. Expects the fact 授权 and the
    /// resources of the case's fields of kind 数据资源; without such a field, all that the authorisation was granted.
    RevokeGrant,
    /// 公开信息: a public notice that is no call: nobody applies on it. Expects the case's form, as 发布公告 does.
    PublishInformation,
    /// 登记编号: a number of an outside register is kept with the product or resource. Expects the fact 登记编号 (text) and
    /// one of the facts 产品 or 资源, or a field of kind 数据资源.
    RegisterNumber,
    /// 编入目录: the resources of the case's fields of kind 数据资源 are listed in the catalogue.
    ListResource,
    /// 撤下目录: they are taken off it; what was granted before is not touched.
    UnlistResource,
    /// 准许导入: the operator may bring one set of social data into its authorisation. Expects the fact 授权.
    AdmitSocialData,
}
