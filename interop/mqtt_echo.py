"""python mqtt_echo.py URL VERSION: subscribes to in/+ with QoS 2, tells each message on stdout, and sends it back to out
with the same QoS and user properties. Ends when a message says "end"."""
import os
import sys
from urllib.parse import urlparse

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

url, version = urlparse(sys.argv[1]), int(sys.argv[2])
client = mqtt.Client(CallbackAPIVersion.VERSION2, "pypi-paho-%d" % version, protocol=version,
                     transport="websockets" if url.scheme == "ws" else "tcp")
if url.scheme == "ws":
    client.ws_set_options(path=url.path)
client.will_set("will", "paho is gone", 1)
ending = []


def connected(c, _data, _flags, reason, _props):
    if reason.is_failure:
        sys.exit(str(reason))
    c.subscribe("in/+", 2)


def subscribed(_c, _data, _mid, reasons, _props):
    print("ready", reasons[0].value, flush=True)


def message(c, _data, m):
    print(m.topic, m.payload.decode(), m.qos, str(bool(m.retain)).lower(), flush=True)
    props = None
    if version == 5:
        props = Properties(PacketTypes.PUBLISH)
        if hasattr(m.properties, "UserProperty"):
            props.UserProperty = m.properties.UserProperty
    info = c.publish("out", m.payload, m.qos, properties=props)
    if m.payload == b"end":
        ending.append(info.mid)


def published(_c, _data, mid, _reason, _props):
    if mid in ending:
        os._exit(0)  # without a goodbye, so that the will is published


client.on_connect, client.on_subscribe, client.on_message, client.on_publish = connected, subscribed, message, published
client.connect(url.hostname, url.port, 30)
client.loop_forever()
