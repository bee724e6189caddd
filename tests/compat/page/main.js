// The published SDK, within reach of the test.
import * as sdk from '@dynamic-labs-sdk/client';

window.sdk = sdk;
