// What every data plane gives: it puts a route into effect and says what is in effect. Drivers: kernel/. (DNS is a table that
// the name server swaps; it can't fail and needs no driver.)

export interface DesiredPaths {
  readonly serial: number;
  /** Site → share, > 0, of this gateway's own region. Empty: new connections are refused. */
  readonly weights: Readonly<Record<string, number>>;
  /** Sites whose connections may live on. null: hold, nobody's connections are ended. */
  readonly usable: readonly string[] | null;
}

export interface PlaneState {
  readonly plane: string;
  readonly state: string;
  /** Serial of the route in effect; null: none yet. */
  readonly serial: number | null;
}

export interface DataPlane extends AsyncDisposable {
  /** Brings the plane to the newest desire; older ones that wait are dropped. Resolves when this or a newer one is in effect. */
  apply(desired: DesiredPaths): Promise<void>;
  state(): PlaneState;
}
