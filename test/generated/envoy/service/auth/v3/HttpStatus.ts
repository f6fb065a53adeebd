// Original file: proto/external_auth.proto


export interface HttpStatus {
  'code'?: (number);
}

export interface HttpStatus__Output {
  'code'?: (number);
}
