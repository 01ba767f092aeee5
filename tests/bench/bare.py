"""A bare Flask view that reads the posted form and answers: what the turns are measured against."""

from flask import Flask, Response, request

app = Flask(__name__)


@app.post("/ussd")
def ussd() -> Response:
    """Answers without knowing anybody."""
    depth = request.form["text"].count("*")
    return Response(f"CON Menu {depth} of {request.form['sessionId']}", mimetype="text/plain")
