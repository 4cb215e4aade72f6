# Reads a NoCloud network-config, version 1 or 2, YAML or JSON, and prints per interface
# "MAC GATEWAY ADDRESS…". A second MAC or address list begins the next interface, so the order of
# the keys inside one does not matter.
function flush_interface() {
    if (mac != "") print mac, (gateway == "" ? "-" : gateway), addresses
    mac = gateway = addresses = ""
}
function prefix(mask, parts, bits, i, octet) {
    if (mask !~ /\./) return mask
    split(mask, parts, ".")
    bits = 0
    for (i = 1; i <= 4; i++)
        for (octet = parts[i] + 0; octet > 0; octet = (octet * 2) % 256) bits++
    return bits
}
{
    sub(/^[ \t]*#.*/, "")
    gsub(/":/, ": ")
    gsub("[][{},\"']", " ")
    for (i = 1; i <= NF; i++) take($i)
}
function take(word) {
    if (word == "-") return
    if (word ~ /:$/) {
        if (!(key == "nameservers:" && word ~ /^(addresses|search):$/)) key = word
        if (key ~ /^mac_?address:$/ && mac != "") flush_interface()
        if (key == "addresses:" && addresses != "") flush_interface()
        return
    }
    if (key ~ /^mac_?address:$/) mac = tolower(word)
    else if (word !~ /^[0-9a-fA-F.:]+(\/[0-9]+)?$/) return
    else if (key ~ /^addresses:$|^address:$/) addresses = addresses (addresses == "" ? "" : " ") word
    else if (key == "netmask:" && addresses !~ /\//) addresses = addresses "/" prefix(word)
    else if (key == "gateway:" || key == "gateway4:") gateway = word
    else if (key == "via:" && gateway == "") gateway = word
}
END { flush_interface() }
