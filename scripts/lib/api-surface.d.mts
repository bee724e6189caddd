export interface Declared {
  readonly name: string;
  readonly text: string;
  readonly doc: string;
  readonly file: string;
}
export function surfaceOf(file: string): Declared[];
export function printSurface(surface: Declared[]): string;
