// Original file: proto/external_auth.proto

import type { RpcStatus as _envoy_service_auth_v3_RpcStatus, RpcStatus__Output as _envoy_service_auth_v3_RpcStatus__Output } from '../../../../envoy/service/auth/v3/RpcStatus.ts';
import type { DeniedHttpResponse as _envoy_service_auth_v3_DeniedHttpResponse, DeniedHttpResponse__Output as _envoy_service_auth_v3_DeniedHttpResponse__Output } from '../../../../envoy/service/auth/v3/DeniedHttpResponse.ts';
import type { OkHttpResponse as _envoy_service_auth_v3_OkHttpResponse, OkHttpResponse__Output as _envoy_service_auth_v3_OkHttpResponse__Output } from '../../../../envoy/service/auth/v3/OkHttpResponse.ts';
import type { Struct as _google_protobuf_Struct, Struct__Output as _google_protobuf_Struct__Output } from '../../../../google/protobuf/Struct.ts';

export interface CheckResponse {
  'status'?: (_envoy_service_auth_v3_RpcStatus | null);
  'denied_response'?: (_envoy_service_auth_v3_DeniedHttpResponse | null);
  'ok_response'?: (_envoy_service_auth_v3_OkHttpResponse | null);
  'dynamic_metadata'?: (_google_protobuf_Struct | null);
  'error_response'?: (_envoy_service_auth_v3_DeniedHttpResponse | null);
  'http_response'?: "denied_response"|"ok_response"|"error_response";
}

export interface CheckResponse__Output {
  'status'?: (_envoy_service_auth_v3_RpcStatus__Output);
  'denied_response'?: (_envoy_service_auth_v3_DeniedHttpResponse__Output);
  'ok_response'?: (_envoy_service_auth_v3_OkHttpResponse__Output);
  'dynamic_metadata'?: (_google_protobuf_Struct__Output);
  'error_response'?: (_envoy_service_auth_v3_DeniedHttpResponse__Output);
}
