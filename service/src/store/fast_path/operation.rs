//! The operations that can be called the short way: what one of them reads, or writes under the same key with the same outcome,
//! may be sent once more. (A transaction has a token for that, which the SDK makes.)

use std::{future::Future, sync::LazyLock, time::Duration};

use aws_sdk_dynamodb::{
    config::{Config, timeout::TimeoutConfig},
    error::{ProvideErrorMetadata, SdkError},
    operation,
};
use aws_smithy_runtime_api::client::{
    interceptors::context::Input,
    orchestrator::HttpResponse,
    runtime_plugin::RuntimePlugin,
    ser_de::{DeserializeResponse, SharedResponseDeserializer},
};
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer};

/// A request of the SDK, built and not sent.
pub(in crate::store) trait Operation: Sized + Send + Sync + 'static {
    const NAME: &'static str;
    type Output: std::fmt::Debug + Send + Sync + 'static;
    type Error: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static;

    /// What it asks; nothing if something is missing, which the SDK then says.
    fn input(&self) -> Option<Input>;

    /// How it is written and its answer read, among the operation's settings.
    fn serde() -> Option<&'static FrozenLayer>;

    /// Reads a good answer; nothing if it is none.
    fn read(answer: &HttpResponse, bag: &ConfigBag) -> Option<Self::Output> {
        let read = Self::serde()?.load::<SharedResponseDeserializer>()?;
        read.deserialize_nonstreaming_with_config(answer, bag).ok()?.downcast().ok()
    }

    /// Sends it by the SDK, within `left` if that is not what every call has.
    fn by_sdk(self, left: Option<Duration>)
    -> impl Future<Output = Result<Self::Output, SdkError<Self::Error>>> + Send;
}

macro_rules! operation {
    ($name:ident, $module:ident, $builder:ident, $output:ident, $error:ident) => {
        impl Operation for operation::$module::builders::$builder {
            const NAME: &'static str = stringify!($name);
            type Output = operation::$module::$output;
            type Error = operation::$module::$error;

            fn input(&self) -> Option<Input> {
                self.as_input().clone().build().ok().map(Input::erase)
            }

            fn serde() -> Option<&'static FrozenLayer> {
                static SERDE: LazyLock<Option<FrozenLayer>> =
                    LazyLock::new(|| operation::$module::$name::new().config());
                SERDE.as_ref()
            }

            fn by_sdk(
                self,
                left: Option<Duration>,
            ) -> impl Future<Output = Result<Self::Output, SdkError<Self::Error>>> + Send {
                let hurry = |left| TimeoutConfig::builder().operation_timeout(left).build();
                let request = self.customize();
                match left {
                    Some(left) => request.config_override(Config::builder().timeout_config(hurry(left))).send(),
                    None => request.send(),
                }
            }
        }
    };
}

operation!(GetItem, get_item, GetItemFluentBuilder, GetItemOutput, GetItemError);
operation!(PutItem, put_item, PutItemFluentBuilder, PutItemOutput, PutItemError);
operation!(Query, query, QueryFluentBuilder, QueryOutput, QueryError);
operation!(UpdateItem, update_item, UpdateItemFluentBuilder, UpdateItemOutput, UpdateItemError);
