/*
 * The create dialog: one page, sensible choices made already, a summary that follows, and every
 * refusal at the field it speaks of. What was typed stays until the server is made.
 */
import { $ } from "../../../vendor/jquery/jquery.module.min.js";
import { newKey } from "../api.js";
import { clone, copyText } from "../dom.js";
import { count, flavorSizes, mebibytes } from "../format.js";

const KINDS = ["image", "flavor", "network", "keypair"];
/** How the field of a fault is called in the form. */
const FIELDS = ["name", "image", "flavor", "network", "key"];

export class CreateServer {
  #wish = "";
  #key = "";
  #named = false;
  #limits = null;

  constructor({ api, store, operations, freshness, toasts }) {
    Object.assign(this, { api, store, operations, freshness, toasts });
    this.$dialog = $("#create-dialog");
    this.$form = $("#create-form");
    this.$name = $("#create-name");
    this.$submit = $("#create-submit");
    this.$name.on("input", () => {
      this.#named = true;
    });
    // Left empty, the field takes a suggestion again; while one types it does not.
    this.$name.on("change", () => {
      this.#named = this.$name.val().trim() !== "";
    });
    this.$form.on("input change", () => this.#follow());
    this.$form.on("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.$form.on("change", "select", (event) => $(event.target).data("touched", true));
    $("#create-cancel, #create-close").on("click", () => this.$dialog[0].close());
    $("#command-copy").on("click", () => copyText($("#command").text()));
    $("#key-add").on("click", () => this.#importKey());
  }

  show() {
    this.#clearErrors();
    this.#draw();
    this.$dialog[0].showModal();
    this.$name.trigger("focus").trigger("select");
    this.#readLimits();
  }

  /** The next person starts with an empty form. */
  forget() {
    this.$form[0].reset();
    this.$form.find("select").data("touched", false);
    this.#named = false;
    this.#limits = null;
    if (this.$dialog[0].open) {
      this.$dialog[0].close();
    }
  }

  changed({ kind }) {
    if (KINDS.includes(kind) && this.$dialog[0].open) {
      this.#draw();
    }
  }

  // --- choices --------------------------------------------------------------------------------

  #draw() {
    const images = this.store.all("image").filter((image) => image.status === "active");
    this.#choices("image", images, (image) => imageHint(image));
    const flavors = this.store.all("flavor").sort((one, other) => one.ram - other.ram);
    this.#choices("flavor", flavors, (flavor) => flavorSizes(flavor).join(" · "));
    const networks = this.store.all("network").sort(publicFirst);
    this.#options("#create-network", networks, "id", "No network");
    this.#options("#create-key", this.store.all("keypair"), "name", "No key");
    this.#follow();
  }

  #choices(field, records, hint) {
    const $list = $(`#create-${field}`);
    const chosen = this.#chosen(field);
    $list.empty();
    records.forEach((record) => {
      const { $root, part } = clone("choice-template");
      part.input.attr({ name: field, value: record.id }).prop("checked", record.id === chosen);
      part.name.text(record.name || record.id);
      part.hint.text(hint(record));
      $list.append($root);
    });
    const what = { image: "image", flavor: "size" }[field];
    const waiting = this.store.loaded(field) ? `There is no ${what} to choose yet.` : "Loading…";
    $(`#create-${field}-none`).text(waiting).prop("hidden", records.length > 0);
  }

  #options(selector, records, key, none) {
    const $select = $(selector);
    const before = $select.val();
    $select.empty();
    records.forEach((record) => $select.append($("<option>").val(record[key]).text(record.name)));
    $select.append($("<option>").val("").text(none));
    // A choice a person made stays; before that, the first record that arrives is taken.
    const there = before === "" || records.some((record) => record[key] === before);
    const kept = $select.data("touched") && there;
    $select.val(kept ? before : (records[0]?.[key] ?? ""));
  }

  #chosen(field) {
    return this.$form.find(`[name=${field}]:checked`).val();
  }

  #image() {
    return this.store.get("image", this.#chosen("image"));
  }

  // --- what follows from the choices ----------------------------------------------------------

  #follow() {
    this.#chooseFirst("image");
    this.#fitFlavors();
    this.#chooseFirst("flavor");
    if (!this.#named && this.#image()) {
      this.#suggest(this.#freeName(this.#image().name || ""));
    }
    this.#summarise();
  }

  #chooseFirst(field) {
    const $inputs = this.$form.find(`[name=${field}]`);
    if (!$inputs.filter(":checked:enabled").length) {
      $inputs.prop("checked", false).filter(":enabled").first().prop("checked", true);
    }
  }

  /** A size that cannot hold the image says so before anybody asks for it. */
  #fitFlavors() {
    const image = this.#image();
    this.$form.find("[name=flavor]").each((_, input) => {
      const reason = image ? misfit(this.store.get("flavor", input.value), image) : "";
      input.disabled = Boolean(reason);
      $(input).closest("label").find("[data-part=reason]").text(reason);
    });
  }

  /** A suggestion that comes while the field has the focus is selected, so that typing replaces it. */
  #suggest(name) {
    if (this.$name.val() !== name) {
      this.$name.val(name);
      if (document.activeElement === this.$name[0]) {
        this.$name[0].select();
      }
    }
  }

  #freeName(image) {
    const base = image.toLowerCase().split(/[^a-z0-9]+/).filter(Boolean)[0] || "server";
    const taken = new Set(this.store.all("server").map((server) => server.name));
    let number = 1;
    while (taken.has(`${base}-${number}`)) {
      number += 1;
    }
    return `${base}-${number}`;
  }

  #summarise() {
    const flavor = this.store.get("flavor", this.#chosen("flavor"));
    const ready = Boolean(this.#image() && flavor);
    this.$submit.prop("disabled", !ready);
    $("#quota").text(flavor ? quotaWords(this.#limits, flavor) : "");
    $("#command").text(ready ? this.#command(this.#image(), flavor) : "");
  }

  #command(image, flavor) {
    const network = this.store.get("network", $("#create-network").val());
    const key = $("#create-key").val();
    const words = ["openstack server create", "--flavor", quoted(flavor.name)];
    words.push("--image", quoted(image.name));
    words.push(...(network ? ["--network", quoted(network.name)] : ["--nic none"]));
    words.push(...(key ? ["--key-name", quoted(key)] : []), quoted(this.$name.val() || "NAME"));
    return words.join(" ");
  }

  async #readLimits() {
    // The form works without the numbers; the API checks the quota in any case.
    this.#limits = await this.api.limits().catch(() => null);
    this.#summarise();
  }

  // --- sending --------------------------------------------------------------------------------

  #body() {
    const network = $("#create-network").val();
    const key = $("#create-key").val();
    const body = {
      name: this.$name.val().trim(),
      imageRef: this.#chosen("image"),
      flavorRef: this.#chosen("flavor"),
      networks: network ? [{ uuid: network }] : "none",
    };
    return key ? { ...body, key_name: key } : body;
  }

  async #submit() {
    this.#clearErrors();
    const body = this.#body();
    if (!body.name) {
      this.#error("name", "Give the server a name.");
      return;
    }
    // The same wish sent again after a lost answer keeps its key; a changed one gets a new one.
    const wish = JSON.stringify(body);
    if (wish !== this.#wish) {
      this.#wish = wish;
      this.#key = newKey();
    }
    this.#busy(true);
    try {
      await this.operations.create(body, this.#key);
      this.#made(body.name);
    } catch (fault) {
      this.#refused(fault);
    } finally {
      this.#busy(false);
    }
  }

  #made(name) {
    this.#wish = "";
    this.#named = false;
    this.$name.val("");
    this.$dialog[0].close();
    this.toasts.show(`${name} is being created`);
  }

  #refused(fault) {
    if (fault.status !== 401) {
      this.#error(FIELDS.includes(fault.field) ? fault.field : "form", fault.message, fault.requestId);
    }
    if (!fault.unreachable) {
      this.#wish = "";
    }
  }

  async #importKey() {
    this.#clearErrors();
    const name = $("#key-name").val().trim();
    const publicKey = $("#key-text").val().trim();
    if (!name || !publicKey) {
      this.#error("key", "A key needs a name and the line of your .pub file.");
      return;
    }
    try {
      await this.api.importKey(name, publicKey);
      await this.freshness.readAll("keypair");
      $("#create-key").val(name).data("touched", true);
      $("#key-name, #key-text").val("");
      $("#key-form").prop("open", false);
      this.#follow();
    } catch (fault) {
      this.#error("key", fault.message, fault.requestId);
    }
  }

  #busy(busy) {
    this.$submit.prop("disabled", busy).text(busy ? "Creating…" : "Create server");
  }

  #error(field, message, requestId = "") {
    const $error = $(`#create-${field}-error`);
    $error.text(requestId ? `${message} (${requestId})` : message).prop("hidden", false);
    const $control = this.$form.find(`[aria-describedby~=create-${field}-error]`).first();
    $control.attr("aria-invalid", true);
    const $focus = $control.is("input, select") ? $control : $control.find("input").first();
    ($focus.length ? $focus : $error.attr("tabindex", -1)).trigger("focus");
    $error[0].scrollIntoView({ block: "nearest" });
  }

  #clearErrors() {
    this.$form.find(".field-error").text("").prop("hidden", true);
    this.$form.find("[aria-invalid]").removeAttr("aria-invalid");
  }
}

/** A newcomer wants to reach the server, so what leads outside is offered first. */
function publicFirst(one, other) {
  return Number(other["router:external"] || false) - Number(one["router:external"] || false);
}

function imageHint(image) {
  const size = image.size ? `${Math.max(1, Math.round(image.size / 1048576))} MiB` : "";
  return [image.os_distro, size, image.visibility === "private" ? "yours" : ""].filter(Boolean).join(" · ");
}

function misfit(flavor, image) {
  if (flavor.ram < (image.min_ram || 0)) {
    return `The image needs ${mebibytes(image.min_ram)}`;
  }
  if (flavor.disk && flavor.disk < (image.min_disk || 0)) {
    return `The image needs a disk of ${image.min_disk} GiB`;
  }
  return "";
}

/** "Server 4 of 20 · memory 512 MiB of 8 GiB" after this one; limits below zero mean none. */
function quotaWords(limits, flavor) {
  if (!limits) {
    return "";
  }
  const words = [];
  if (limits.maxTotalInstances > 0) {
    words.push(`server ${limits.totalInstancesUsed + 1} of ${limits.maxTotalInstances}`);
  }
  if (limits.maxTotalCores > 0) {
    const cores = limits.totalCoresUsed + flavor.vcpus;
    words.push(`${cores} of ${count(limits.maxTotalCores, "vCPU", "vCPUs")}`);
  }
  if (limits.maxTotalRAMSize > 0) {
    const used = limits.totalRAMUsed + flavor.ram;
    words.push(`${mebibytes(used)} of ${mebibytes(limits.maxTotalRAMSize)} memory`);
  }
  return words.length ? `With this one: ${words.join(" · ")}` : "";
}

function quoted(word) {
  return /^[\w.,:/@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
