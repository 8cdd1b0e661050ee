"""Turns JSON into MessagePack, and back."""

import msgpack
import simplejson
from flask import Flask, Response, request

app = Flask(__name__)


@app.post("/pack")
def pack():
    value = simplejson.loads(request.get_data(), use_decimal=False)
    return Response(msgpack.packb(value), mimetype="application/vnd.msgpack")


@app.post("/unpack")
def unpack():
    value = msgpack.unpackb(request.get_data())
    return Response(simplejson.dumps(value, sort_keys=True), mimetype="application/json")


@app.get("/compiled")
def compiled():
    """Whether the parts in C are those that answer."""
    return {"msgpack": msgpack.Packer.__module__, "simplejson": simplejson.encoder.c_make_encoder is not None}
