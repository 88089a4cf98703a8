drop table telling_leg
