// A broker and the line to it.  What it retains is said again whenever the line comes back; what else was said meanwhile is lost, and counted.
import type { MqttClient } from "mqtt";
import { InputError, systemReason } from "../../files/input_error.ts";
import type { Message } from "./messages.ts";

export interface BrokerOptions {
  /** mqtt://, mqtts://; with user and password where the broker wants them. */
  url: string;
  /** Certificates in PEM that a broker's is signed by; null for the system's. */
  ca: Buffer | null;
  clientId: string;
  /** Published by the broker when the line breaks. */
  will: Message;
}

/** Messages on their way to the broker; the run waits while there are more. */
const UNDER_WAY_MAX = 256;
const AGAIN_MS = 1000;
const FIRST_MS = 10_000;
const LAST_MS = 5000;

export class Broker {
  lost = 0;
  private readonly retained = new Map<string, string>();
  private underWay = 0;
  /** Counts connections: what was under way on one that broke is over. */
  private line = 0;
  private waiting: (() => void)[] = [];

  private constructor(private readonly client: MqttClient) {
    client.on("connect", () => {
      for (const [topic, payload] of this.retained) this.send({ topic, payload, retain: true });
    });
    client.on("close", () => {
      this.line++;
      this.underWay = 0;
      this.settle();
    });
    client.on("error", () => undefined); // it is tried again; the first try is told by `open`
  }

  /** Throws one sentence where the broker cannot be reached, or refuses us. */
  static async open({ url, ca, clientId, will }: BrokerOptions): Promise<Broker> {
    const { connect } = await import("mqtt");
    const client = connect(url, {
      clientId,
      will: { ...will, payload: Buffer.from(will.payload), qos: 1 },
      reconnectPeriod: AGAIN_MS,
      connectTimeout: FIRST_MS,
      queueQoSZero: false,
      ...(ca ? { ca } : {}),
    });
    const broker = new Broker(client);
    try {
      await new Promise<void>((resolve, reject) => {
        client.once("connect", () => resolve());
        client.once("error", reject);
        client.once("close", () => reject(new Error("it closed the connection, or nobody listens there")));
      });
    } catch (error) {
      client.end(true);
      throw new InputError(`the MQTT broker at ${named(url)} cannot be used: ${systemReason(error)}; check address, user and password.`);
    }
    return broker;
  }

  publish(message: Message): void {
    if (message.retain) this.retained.set(message.topic, message.payload);
    if (this.client.connected) this.send(message);
    else if (!message.retain) this.lost++;
  }

  /** Resolves when there is room for more, or nobody to send it to. */
  async room(): Promise<void> {
    while (this.underWay > UNDER_WAY_MAX) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Says goodbye and waits for what is under way, not for ever. */
  async close(last: Message): Promise<void> {
    this.publish(last);
    const end = new Promise<void>((resolve) => this.client.end(!this.client.connected, {}, () => resolve()));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, LAST_MS);
    });
    await Promise.race([end, late]);
    clearTimeout(timer);
    this.client.end(true);
  }

  private send({ topic, payload, retain }: Message): void {
    const { line } = this;
    this.underWay++;
    this.client.publish(topic, payload, { retain, qos: retain ? 1 : 0 }, (error) => {
      if (error && !retain) this.lost++;
      if (line === this.line) this.underWay--;
      this.settle();
    });
  }

  private settle(): void {
    if (this.underWay > UNDER_WAY_MAX) return;
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

/** Without what is secret. */
function named(url: string): string {
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}`;
}
