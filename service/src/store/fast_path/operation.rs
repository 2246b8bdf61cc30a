//! The operations allowed on the fast path. All are safe to send twice: they read, or write a fixed key with the same
//! outcome. A transaction is not among them, because it needs a token that the SDK generates.

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

/// An SDK request that is built and not yet sent.
pub(in crate::store) trait Operation: Sized + Send + Sync + 'static {
    /// DynamoDB's name of the operation.
    const NAME: &'static str;
    type Output: std::fmt::Debug + Send + Sync + 'static;
    type Error: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static;

    /// Returns the operation's input, or `None` if a required field is missing. The SDK then reports the field.
    fn input(&self) -> Option<Input>;

    /// Returns the SDK's settings of the operation, which hold its serializer and its deserializer.
    fn serde() -> Option<&'static FrozenLayer>;

    /// Reads the body of a 200, or returns `None` if it is malformed.
    fn read_response(response: &HttpResponse, bag: &ConfigBag) -> Option<Self::Output> {
        let deserializer = Self::serde()?.load::<SharedResponseDeserializer>()?;
        deserializer.deserialize_nonstreaming_with_config(response, bag).ok()?.downcast().ok()
    }

    /// Sends the request through the SDK. `timeout` replaces the client's deadline if it is given.
    fn send_with_sdk(
        self,
        timeout: Option<Duration>,
    ) -> impl Future<Output = Result<Self::Output, SdkError<Self::Error>>> + Send;
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

            fn send_with_sdk(
                self,
                timeout: Option<Duration>,
            ) -> impl Future<Output = Result<Self::Output, SdkError<Self::Error>>> + Send {
                let limited = |timeout| TimeoutConfig::builder().operation_timeout(timeout).build();
                let request = self.customize();
                match timeout {
                    Some(timeout) => request.config_override(Config::builder().timeout_config(limited(timeout))).send(),
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
