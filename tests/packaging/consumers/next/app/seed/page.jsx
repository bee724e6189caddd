'use client';

import { Provided, Who, useGiven } from '../sign-in';
import { SignInButton } from './seed-sample';

export default function Seed() {
  const given = useGiven();
  return (
    <Provided>
      <SignInButton {...given} />
      <Who />
    </Provided>
  );
}
