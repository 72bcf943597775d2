/** The choice of the proxy, by the variables that every program reads. */
import { describe, expect, it } from "vitest";
import { hostOf, portOf, proxyFor } from "./proxy.ts";

const env = { httpProxy: "proxy:3128", httpsProxy: "http://secure:8080" };

function chosen(target: string, noProxy = ""): string | null {
  return proxyFor(target, { ...env, noProxy })?.href ?? null;
}

describe("the proxy for a target", () => {
  it("goes by the target's scheme, and is an http one if it does not say", () => {
    expect(chosen("https://pbx.example.com:5001")).toBe("http://secure:8080/");
    expect(chosen("http://pbx.example.com")).toBe("http://proxy:3128/");
  });

  it("is the one for http if there is no other, and none if there is none", () => {
    const { httpProxy } = env;
    expect(proxyFor("https://pbx.example.com", { httpProxy })?.href).toBe("http://proxy:3128/");
    expect(proxyFor("https://pbx.example.com", {})).toBeNull();
    expect(proxyFor("https://pbx.example.com", { httpProxy: "", httpsProxy: "" })).toBeNull();
  });

  it.each(["*", "example.com", ".example.com", "*.example.com", "a.b, PBX.example.com:5001"])(
    "is passed by where NO_PROXY says %j",
    (list) => expect(chosen("https://pbx.example.com:5001", list)).toBeNull(),
  );

  it.each(["example.com:443", "xexample.com", "bx.example.com", "com.", ",", " "])(
    "is used where NO_PROXY says %j",
    (list) => expect(chosen("https://pbx.example.com:5001", list)).not.toBeNull(),
  );

  it("is passed by for addresses", () => {
    expect(chosen("http://[::1]:5004", "::1")).toBeNull();
    expect(chosen("http://[::1]:5004", "[::1]")).toBeNull();
    expect(chosen("http://127.0.0.1:5004", "localhost,127.0.0.1")).toBeNull();
    expect(chosen("http://127.0.0.1:5004", "127.0.0.1:5005")).not.toBeNull();
  });
});

it("knows the port that a URL leaves to its scheme, and the bare address", () => {
  const urls = ["https://a", "http://a", "http://a:81"].map((text) => new URL(text));
  expect(urls.map(portOf)).toEqual(["443", "80", "81"]);
  expect(hostOf(new URL("http://[::1]:5004"))).toBe("::1");
  expect(hostOf(new URL("http://PBX.example.com"))).toBe("pbx.example.com");
});
