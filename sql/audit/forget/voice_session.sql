truncate data.voice_session
